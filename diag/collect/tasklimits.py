"""How many tasks there may be: threads and processes together, as the kernel counts them.

clone(2) fails with EAGAIN at the first of four limits (copy_process() in kernel/fork.c, and
Documentation/admin-guide/cgroup-v1/pids.rst): `pids.max` of each control group on the way up,
RLIMIT_NPROC of the user, `kernel.threads-max` and `kernel.pid_max` of the machine.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from diag.collect.cgroup import ROOT, CgroupError, NoGroupError, find_group, read_word, whole_number
from diag.collect.procfs import list_numbers, read_once

_EXEMPT = 1 << 21 | 1 << 24  # CAP_SYS_ADMIN, CAP_SYS_RESOURCE (linux/capability.h)
_WHOLE = ["0", "0", "4294967295"]  # uid_map of the initial user namespace (user_namespaces(7))


class TaskLimit(NamedTuple):
    """One limit.

    Attributes:
        limit: tasks that there may be.
        used: tasks that there are, of those that count.
        source: the file or setting, in words.

    """

    limit: int
    used: int
    source: str


def tightest_tasks(pid: int, user_limit: int | None, *, root: Path = ROOT) -> TaskLimit:
    """Return the limit with the least room for more tasks.

    Args:
        pid: the process that would start them.
        user_limit: its RLIMIT_NPROC, None if unlimited.
        root: of the tree that holds `/proc` and `/sys`.

    Raises:
        CgroupError: its group cannot be found, or a number not understood.
        OSError: gone or not permitted.

    """
    known = [_of_machine(root), *_of_groups(pid, root)]
    if user_limit is not None and not _is_exempt(pid, root):
        known.append(_of_user(pid, user_limit, root))
    return min(known, key=lambda each: each.limit - each.used)


def _of_groups(pid: int, root: Path) -> Iterator[TaskLimit]:
    try:
        levels = find_group(pid, "pids", root=root).levels
    except NoGroupError:
        return
    for level in levels:
        limit, used = read_word(level, "pids.max"), read_word(level, "pids.current")
        if limit is None or limit == "max" or used is None:
            continue
        source = level / "pids.max"
        yield TaskLimit(_count(limit, source), _count(used, level / "pids.current"), str(source))


def _of_machine(root: Path) -> TaskLimit:
    settings = [root / "proc/sys/kernel" / name for name in ("threads-max", "pid_max")]
    limits = {
        path.name: _count(path.read_text(encoding="ascii").strip(), path) for path in settings
    }
    name = min(limits, key=limits.__getitem__)
    path = root / "proc/loadavg"  # its fourth field: runnable/all tasks (proc_loadavg(5))
    runnable_of_all = path.read_text(encoding="ascii").split()[3:4]
    used = "".join(runnable_of_all).partition("/")[2]
    return TaskLimit(limits[name], _count(used, path), f"kernel.{name}")


def _of_user(pid: int, limit: int, root: Path) -> TaskLimit:
    """Count the threads of a user's processes, as far as they can be seen."""
    proc = root / "proc"
    user = _user(read_once(proc / str(pid) / "status"))
    used = 0
    for number in list_numbers(str(proc)):
        with contextlib.suppress(OSError):  # it ended
            status = read_once(proc / str(number) / "status")
            used += _number(status, b"Threads") if _user(status) == user else 0
    return TaskLimit(limit, used, f"RLIMIT_NPROC of user {user}")


def _is_exempt(pid: int, root: Path) -> bool:
    """Whether it is the machine's root, or may as much: then RLIMIT_NPROC is not enforced."""
    process = root / "proc" / str(pid)
    if (process / "uid_map").read_text(encoding="ascii").split() != _WHOLE:
        return False
    status = read_once(process / "status")
    return _user(status) == 0 or bool(_number(status, b"CapEff", base=16) & _EXEMPT)


def _user(status: bytes) -> int:
    """Return the real user id, under which tasks are counted."""
    return _number(status, b"Uid")


def _number(status: bytes, name: bytes, *, base: int = 10) -> int:
    """Return the first number in a line of `/proc/PID/status` (proc_pid_status(5))."""
    _, found, rest = status.partition(b"\n" + name + b":")
    if not found:
        raise CgroupError(f"its status has no {name.decode()}")
    word = b"".join(rest.split(maxsplit=1)[:1])
    try:
        return int(word, base)
    except ValueError as error:
        raise CgroupError(f"its status has no number for {name.decode()}") from error


def _count(text: str, source: Path) -> int:
    number = whole_number(text, source)
    if number < 0:
        raise CgroupError(f"{source} holds {number}")
    return number
