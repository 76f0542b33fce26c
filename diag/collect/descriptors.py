"""`/proc/PID/fd` and `/proc/PID/fdinfo`: what descriptors lead to, and who else holds it."""

import ctypes
import errno
import os
import re
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from diag.collect import procfs
from diag.collect.memory import PROC
from diag.collect.procfs import list_numbers, printable, read_all

_DENIED = (errno.EACCES, errno.EPERM)
_CLOSE_ON_EXEC = 0o2000000  # O_CLOEXEC (asm-generic/fcntl.h)
_ACCESS_MODE = 0o3  # O_ACCMODE: 0 reads, 1 writes, 2 both (fcntl.h)
_EVENTFD = "anon_inode:[eventfd]"
_EPOLL_ITEM = re.compile(
    rb"^tfd:\s*(\d+)\s+events:\s*([0-9a-f]+)(?:.*?\bino:([0-9a-f]+))?", re.MULTILINE
)
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

    """

    mode: int
    close_on_exec: bool = False
    inode: int | None = None
    eventfd: int | None = None
    pid: int | None = None
    locks: tuple[str, ...] = ()
    epoll: tuple[EpollItem, ...] = ()


class FileId(NamedTuple):
    """What a file is: `mode` as in `os.stat_result.st_mode`."""

    device: int
    inode: int
    mode: int


class Held(NamedTuple):
    """A descriptor of some process; `info` is None where only the link was needed."""

    pid: int
    fd: int
    info: FdInfo | None


class Holders(NamedTuple):
    """Who holds what was looked for.

    Attributes:
        by_key: descriptors by key, see `find_holders`.
        unreadable: pids whose descriptors may not be read.

    """

    by_key: dict[str, list[Held]]
    unreadable: tuple[int, ...]


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


def find_holders(wanted: Collection[str], *, proc_root: Path = PROC) -> Holders:
    """Find every descriptor of every process that leads to one of the keys.

    A key is a link ("pipe:[1]", "socket:[2]"), "eventfd:7", or a `file_key`. diag itself
    counts: it may have started the target, or be embedded in a program that did.
    """
    search = _Search(frozenset(wanted), proc_root)
    unreadable = []
    for pid in list_numbers(proc_root):
        try:
            search.look(pid)
        except OSError as error:
            # else it ended and holds nothing; one that is ending answers EACCES as well
            if error.errno in _DENIED and _runs(pid, proc_root):
                unreadable.append(pid)
    return Holders(search.found, tuple(unreadable))


class _Search:
    """One pass over the descriptors of all processes."""

    def __init__(self, wanted: frozenset[str], proc_root: Path) -> None:
        self.found: dict[str, list[Held]] = {}
        self._wanted = wanted
        self._proc_root = proc_root
        self._eventfds = any(key.startswith("eventfd:") for key in wanted)
        self._inodes = {
            int(key.rpartition(":")[2]) for key in wanted if key.startswith(("fifo:", "file:"))
        }

    def look(self, pid: int) -> None:
        for base in _descriptor_folders(pid, self._proc_root):
            if numbers := list_numbers(base):
                self._look_at(pid, base, numbers)
                return  # the threads of a process share their descriptors

    def _look_at(self, pid: int, base: str, numbers: list[int]) -> None:
        for fd in numbers:
            try:
                link = procfs.read_link(f"{base}/{fd}")
                if found := self._match(pid, fd, link):
                    key, info = found
                    self.found.setdefault(key, []).append(Held(pid, fd, info))
            except OSError as error:
                if error.errno in _DENIED:
                    raise
                # else closed meanwhile: not held

    def _match(self, pid: int, fd: int, link: str) -> tuple[str, FdInfo | None] | None:
        if link in self._wanted:
            # both ends of a pipe have one inode: only the mode tells them apart
            return link, self._info(pid, fd) if link.startswith("pipe:") else None
        if self._eventfds and link == _EVENTFD:
            info = self._info(pid, fd)
            key = f"eventfd:{info.eventfd}"
            return (key, info) if key in self._wanted else None
        if self._inodes and link.startswith("/"):
            return self._match_file(pid, fd)
        return None

    def _match_file(self, pid: int, fd: int) -> tuple[str, FdInfo] | None:
        info = self._info(pid, fd)
        if info.inode is not None and info.inode not in self._inodes:
            return None
        key = file_key(identify(f"{self._proc_root}/{pid}/fd/{fd}"))
        return (key, info) if key in self._wanted else None

    def _info(self, pid: int, fd: int) -> FdInfo:
        return read_fdinfo(pid, fd, proc_root=self._proc_root)


def _runs(pid: int, proc_root: Path) -> bool:
    try:
        return procfs.parse_stat(procfs.read_once(f"{proc_root}/{pid}/stat")).state not in "ZXx"
    except OSError:
        return False


def _descriptor_folders(pid: int, proc_root: Path) -> Iterator[str]:
    """Yield the descriptors of the process; the main thread has none once it has exited."""
    base = f"{proc_root}/{pid}"
    yield f"{base}/fd"
    for tid in procfs.list_numbers(f"{base}/task"):
        if tid != pid:
            yield f"{base}/task/{tid}/fd"


def _number(value: bytes | None) -> int | None:
    return int(value) if value is not None else None
