"""Who holds what: one pass over the descriptors of all processes of the machine."""

import errno
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from diag.collect import procfs
from diag.collect.descriptors import MASTER, FdInfo, file_key, identify, master_key, read_fdinfo
from diag.collect.memory import PROC
from diag.collect.procfs import list_numbers
from diag.collect.tree import read_stat

_DENIED = (errno.EACCES, errno.EPERM)
_EVENTFD = "anon_inode:[eventfd]"


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


def find_holders(wanted: Collection[str], *, proc_root: Path = PROC) -> Holders:
    """Find every descriptor of every process that leads to one of the keys.

    A key is a link ("pipe:[1]", "socket:[2]"), "eventfd:7", a `file_key` or a `master_key`.
    diag itself counts: it may have started the target, or be embedded in a program that did.
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
        self._masters = frozenset(key for key in wanted if key.startswith(MASTER))
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
        if self._masters and link.endswith("/ptmx"):
            return self._match_master(pid, fd)
        if self._inodes and link.startswith("/"):
            return self._match_file(pid, fd)
        return None

    def _match_file(self, pid: int, fd: int) -> tuple[str, FdInfo] | None:
        info = self._info(pid, fd)
        if info.inode is not None and info.inode not in self._inodes:
            return None
        key = file_key(identify(f"{self._proc_root}/{pid}/fd/{fd}"))
        return (key, info) if key in self._wanted else None

    def _match_master(self, pid: int, fd: int) -> tuple[str, FdInfo] | None:
        info = self._info(pid, fd)
        same = [key for key in self._masters if key.startswith(f"{MASTER}{info.terminal}:")]
        if not same or info.terminal is None:
            return None
        try:
            key = master_key(pid, info.terminal, proc_root=self._proc_root)
        except OSError:
            return same[0], info  # it cannot be ruled out
        return (key, info) if key in self._masters else None

    def _info(self, pid: int, fd: int) -> FdInfo:
        return read_fdinfo(pid, fd, proc_root=self._proc_root)


def _runs(pid: int, proc_root: Path) -> bool:
    try:
        return read_stat(pid, proc_root=proc_root).state not in "ZXx"
    except OSError:
        return False


def _descriptor_folders(pid: int, proc_root: Path) -> Iterator[str]:
    """Yield the descriptors of the process; the main thread has none once it has exited."""
    base = f"{proc_root}/{pid}"
    yield f"{base}/fd"
    for tid in list_numbers(f"{base}/task"):
        if tid != pid:
            yield f"{base}/task/{tid}/fd"
