"""`/proc/PID/fd` and `/proc/PID/fdinfo`: what one descriptor leads to."""

import ctypes
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from diag.collect import procfs
from diag.collect.memory import PROC
from diag.collect.procfs import printable, read_all

_CLOSE_ON_EXEC = 0o2000000  # O_CLOEXEC (asm-generic/fcntl.h)
_ACCESS_MODE = 0o3  # O_ACCMODE: 0 reads, 1 writes, 2 both (fcntl.h)
_EPOLL_ITEM = re.compile(
    rb"^tfd:\s*(\d+)\s+events:\s*([0-9a-f]+)(?:.*?\bino:([0-9a-f]+))?", re.MULTILINE
)
MASTER = "ptmx:"
_AT_FDCWD, _AT_STATX_DONT_SYNC = -100, 0x4000  # linux/fcntl.h
_STATX_BASIC = 0x7FF
_STATX_BYTES = 256


class EpollItem(NamedTuple):
    """A `tfd` line: a descriptor in an epoll set, its events, and its inode if told."""

    fd: int
    events: int
    inode: int | None


class FdInfo(NamedTuple):
    """The fields of `/proc/PID/fdinfo/FD` (proc_pid_fdinfo(5)) that diag uses.

    Attributes:
        mode: 0 open for reading, 1 for writing, 2 for both.
        close_on_exec: it was made since the process's last exec, or marked since.
        inode: `ino` (5.14 and later).
        eventfd: `eventfd-id`, the same for every descriptor of one eventfd.
        pid: of a pidfd, observer's namespace; -1 once reaped, 0 if not visible here.
        locks: kinds of file locks held through it: FLOCK, POSIX, OFDLCK.
        epoll: the set of an epoll descriptor.
        terminal: `tty-index` of the master side of a pseudo-terminal: 3 for /dev/pts/3.
        in_flight: `scm_fds` of a Unix socket: descriptors that were sent to it and not
            yet received (Linux 5.6).

    """

    mode: int
    close_on_exec: bool = False
    inode: int | None = None
    eventfd: int | None = None
    pid: int | None = None
    locks: tuple[str, ...] = ()
    epoll: tuple[EpollItem, ...] = ()
    terminal: int | None = None
    in_flight: int | None = None


class FileId(NamedTuple):
    """What a file is: `mode` as in `os.stat_result.st_mode`."""

    device: int
    inode: int
    mode: int


def parse_fdinfo(data: bytes) -> FdInfo:
    """Parse an fdinfo file; a missing field is None."""
    fields: dict[bytes, bytes] = {}
    locks = []
    for line in data.splitlines():
        key, colon, value = line.partition(b":")
        if not colon:
            continue
        if key == b"lock":
            locks.extend(value.split()[1:2])
        else:
            fields.setdefault(key, value.strip())
    items = _EPOLL_ITEM.findall(data) if b"tfd:" in data else ()
    flags = int(fields.get(b"flags", b"2"), 8)
    return FdInfo(
        mode=flags & _ACCESS_MODE,
        close_on_exec=bool(flags & _CLOSE_ON_EXEC),
        inode=_number(fields.get(b"ino")),
        eventfd=_number(fields.get(b"eventfd-id")),
        pid=_number(fields.get(b"Pid")),
        locks=tuple(map(printable, locks)),
        terminal=_number(fields.get(b"tty-index")),
        in_flight=_number(fields.get(b"scm_fds")),
        epoll=tuple(
            EpollItem(int(fd), int(events, 16), int(inode, 16) if inode else None)
            for fd, events, inode in items
        ),
    )


def read_link(pid: int, fd: int, *, proc_root: Path = PROC) -> str:
    """Return what a descriptor leads to, as the kernel writes it: "pipe:[123]".

    Raises:
        OSError: closed, gone or not permitted.

    """
    return procfs.read_link(f"{proc_root}/{pid}/fd/{fd}")


def read_fdinfo(pid: int, fd: int, *, proc_root: Path = PROC) -> FdInfo:
    """Read the fdinfo of a descriptor.

    Raises:
        OSError: closed, gone or not permitted.

    """
    return parse_fdinfo(read_all(f"{proc_root}/{pid}/fdinfo/{fd}"))


def identify(path: str) -> FileId:
    """Return what a path leads to, without asking a remote or user-space file system.

    A stat(2) of a file on a dead server would hang the observer as well;
    AT_STATX_DONT_SYNC answers from what the kernel has (statx(2)).

    Raises:
        OSError: gone or not permitted.

    """
    statx = getattr(ctypes.CDLL(None, use_errno=True), "statx", None)
    if statx is None:  # a C library without statx(2): pay with the risk
        found = os.stat(path)  # noqa: PTH116 - a magic link of /proc, not a path
        return FileId(found.st_dev, found.st_ino, found.st_mode)
    buffer = ctypes.create_string_buffer(_STATX_BYTES)
    if statx(_AT_FDCWD, os.fsencode(path), _AT_STATX_DONT_SYNC, _STATX_BASIC, buffer) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), path)
    raw = buffer.raw
    major, minor = (int.from_bytes(raw[at : at + 4], "little") for at in (136, 140))
    return FileId(
        device=os.makedev(major, minor),
        inode=int.from_bytes(raw[32:40], "little"),
        mode=int.from_bytes(raw[28:30], "little"),
    )


def file_key(found: FileId) -> str:
    """Return the key of a file or FIFO: "fifo:8:1:123", "file:8:1:123"."""
    kind = "fifo" if stat.S_ISFIFO(found.mode) else "file"
    return f"{kind}:{os.major(found.device)}:{os.minor(found.device)}:{found.inode}"


def master_key(pid: int, number: int, *, proc_root: Path = PROC) -> str:
    """Return the key of the master side of the pseudo-terminal that a process sees as a number.

    Each mount of devpts counts its own: the slave side tells which is meant.

    Raises:
        OSError: the process sees no such terminal.

    """
    slave = identify(f"{proc_root}/{pid}/root/dev/pts/{number}")
    return f"{MASTER}{number}:{file_key(slave)}"


def _number(value: bytes | None) -> int | None:
    return int(value) if value is not None else None
