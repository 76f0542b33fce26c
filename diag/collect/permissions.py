"""What diag can see on this machine, each with the remedy if it cannot.

The checks try the real thing where they can: a file is opened, the kernel is asked.
"""

import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from diag.collect.access import ptrace_scope
from diag.collect.checks import Check, State, ask, may_trace
from diag.collect.pyspy import find_pyspy

ROOT = Path("/")
# linux/sock_diag.h, linux/unix_diag.h, linux/netlink.h
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST_DUMP = 0x301
_NLMSG_ERROR = 2
_SCOPES = {
    0: "no restriction",
    1: "only ancestors of a process may read it",
    2: "only administrators may read processes",
    3: "nobody may read processes, until a reboot",
}


def check_host(*, root: Path = ROOT) -> Iterator[Check]:
    """Try what diag needs of the machine and of its own installation."""
    yield _kernel(root)
    yield Check(name="Python of diag", state=State.OK, found=sys.version.split()[0])
    yield _pyspy()
    yield from _ptrace(root)
    yield _proc_speed(root)
    yield _own_file(
        root,
        "syscall",
        "system calls of threads",
        "waits are told from the stacks alone; the kernel needs CONFIG_HAVE_ARCH_TRACEHOOK",
    )
    yield _own_file(
        root,
        "children",
        "list of children",
        "children are found by going through all of /proc; CONFIG_PROC_CHILDREN is faster",
    )
    yield _unix_sockets()
    yield _cgroups(root)


def _kernel(root: Path) -> Check:
    if not (root / "proc/self/stat").exists():
        return Check(
            name="kernel",
            state=State.MISSING,
            found=f"{os.uname().sysname} without /proc",
            remedy="diag needs Linux, and /proc mounted",
        )
    return Check(name="kernel", state=State.OK, found=f"{os.uname().sysname} {os.uname().release}")


def _pyspy() -> Check:
    program = find_pyspy()
    if program is None:
        return Check(
            name="py-spy",
            state=State.LIMITED,
            found="not found: no Python stacks",
            remedy="pip install py-spy",
        )
    answer = ask([program, "--version"])
    state = State.OK if answer.startswith("py-spy ") else State.LIMITED
    return Check(name="py-spy", state=state, found=f"{answer or 'no version'} ({program})")


def _ptrace(root: Path) -> Iterator[Check]:
    capable = may_trace(root=root)
    yield Check(
        name="CAP_SYS_PTRACE",
        state=State.OK if capable else State.LIMITED,
        found="held" if capable else "not held: only processes of the same user can be read",
        remedy=None if capable else "run diag with sudo; in a container: --cap-add SYS_PTRACE",
    )
    try:
        scope = ptrace_scope(root / "proc")
    except ValueError as error:
        yield Check(name="ptrace_scope", state=State.LIMITED, found=f"not readable: {error}")
        return
    if scope is None:
        yield Check(name="ptrace_scope", state=State.OK, found="no Yama: no restriction")
        return
    restricted = scope == 3 or (scope > 0 and not capable)
    yield Check(
        name="ptrace_scope",
        state=State.LIMITED if restricted else State.OK,
        found=f"{scope}: {_SCOPES.get(scope, 'unknown value')}",
        remedy="run diag with sudo, or: sudo sysctl kernel.yama.ptrace_scope=0"
        if restricted and scope != 3
        else None,
    )


def _proc_speed(root: Path) -> Check:
    path, rounds = root / "proc/self/stat", 200
    started_s = time.perf_counter()
    for _ in range(rounds):
        path.read_bytes()
    each_us = (time.perf_counter() - started_s) / rounds * 1e6
    return Check(name="speed of /proc", state=State.OK, found=f"{each_us:.0f} microseconds a file")


def _own_file(root: Path, name: str, what: str, otherwise: str) -> Check:
    path = root / f"proc/self/task/{os.getpid()}" / name
    try:
        path.read_bytes()
    except OSError as error:
        found = f"{path}: {error.strerror}"
        return Check(name=what, state=State.LIMITED, found=found, remedy=otherwise)
    return Check(name=what, state=State.OK, found="readable")


def _unix_sockets() -> Check:
    """Ask the kernel for its UNIX sockets, as collecting the peers of sockets does."""
    # struct nlmsghdr, then struct unix_diag_req: any state, the inode and the peer shown.
    body = struct.pack("<BBHIIIII", socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, 4, 0, 0)
    header = struct.pack("<IHHII", 16 + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST_DUMP, 1, 0)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as asker:
            asker.settimeout(2.0)
            asker.send(header + body)
            kind = struct.unpack_from("<IH", asker.recv(65536))[1]
    except OSError as error:
        kind, reason = _NLMSG_ERROR, error.strerror or str(error)
    else:
        reason = "the kernel answered with an error"
    if kind == _NLMSG_ERROR:
        return Check(
            name="peers of UNIX sockets",
            state=State.LIMITED,
            found=f"not known: {reason}",
            remedy="sudo modprobe unix_diag",
        )
    return Check(name="peers of UNIX sockets", state=State.OK, found="the kernel tells them")


def _cgroups(root: Path) -> Check:
    mounted = (root / "proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    kinds = {line.partition(" - ")[2].split(" ")[0] for line in mounted.splitlines()}
    names = {
        (True, True): "version 1 and 2 (hybrid)",
        (True, False): "version 1",
        (False, True): "version 2",
    }
    found = names.get(("cgroup" in kinds, "cgroup2" in kinds))
    if found is None:
        return Check(
            name="control groups",
            state=State.LIMITED,
            found="not mounted: limits are not known",
            remedy="mount /sys/fs/cgroup",
        )
    return Check(name="control groups", state=State.OK, found=found)
