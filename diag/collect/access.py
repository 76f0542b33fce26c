"""Why a process may not be read, and what to do about it."""

import os
from pathlib import Path

from diag.collect.memory import PROC
from diag.collect.procfs import read_once


def ptrace_scope(proc_root: Path = PROC) -> int | None:
    """Return Yama's setting (Documentation/admin-guide/LSM/Yama.rst), None without Yama."""
    try:
        return int(read_once(proc_root / "sys/kernel/yama/ptrace_scope"))
    except OSError:
        return None


def remedy(uid: int | None, *, proc_root: Path = PROC, observer_uid: int | None = None) -> str:
    """Say what would permit this user to read a process of `uid`, as an imperative.

    Reading system calls and memory needs what ptrace(2) calls access mode
    PTRACE_MODE_ATTACH; descriptors need PTRACE_MODE_READ.
    """
    observer = os.geteuid() if observer_uid is None else observer_uid
    if observer == 0:
        return "diag needs CAP_SYS_PTRACE (in a container: --cap-add SYS_PTRACE)"
    if uid is None:
        return "run diag as root"
    if uid != observer:
        return f"run diag as root or as uid {uid}"
    scope = ptrace_scope(proc_root)
    if scope:
        return (
            f"kernel.yama.ptrace_scope is {scope}: run diag as root, "
            "or start the program with `diag run`"
        )
    return "it is not dumpable (prctl or set-uid): run diag as root"
