"""From what a call asks for, in the target's terms, to a `Wait` in the observer's.

Two steps, as `channels` has them: `Resolver.note` for every thread, then `Resolver.resolve`.
"""

import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from diag.collect.channels import Added, Channels
from diag.collect.descriptors import file_key, identify, read_fdinfo
from diag.collect.filelocks import LockLine, find_lock_holders
from diag.collect.holders import Held, Holders
from diag.collect.maps import read_maps
from diag.collect.memory import PROC
from diag.collect.processes import ProcessReading
from diag.collect.procfs import list_numbers
from diag.collect.requests import Children, Opened, Request
from diag.collect.waits import Understood
from diag.model.channel import Channel, ChannelKind
from diag.model.wait import Wait, WaitKind

_FIFO_WORDS = ("partner", "fifo", "pipe")  # of wchan: wait_for_partner, fifo_open, pipe_wait
_LOCK_KINDS = {"flock": frozenset({"FLOCK"}), "fcntl": frozenset({"POSIX", "OFDLCK"})}
_NO_FD = -1


class Resolver:
    """Knows the tree, and so whose child, whose pid and whose descriptor is meant.

    Args:
        readings: the processes of the tree by pid.
        channels: collects the descriptors waited on.
        proc_root: where `/proc` is.

    """

    def __init__(
        self,
        readings: Mapping[int, ProcessReading],
        channels: Channels,
        *,
        proc_root: Path = PROC,
    ) -> None:
        self._readings = readings
        self._channels = channels
        self._proc_root = proc_root

    def wait(self, process: ProcessReading, understood: Understood, wchan: str | None) -> Wait:
        """Return the wait, with holders of file locks still to be filled in."""
        request, name = understood
        pid = process.alive_tid
        unknown, channels, children = request.unknown, Added(()), Added(())
        pids: tuple[int, ...] = ()
        if request.epoll is not None:
            channels = self._channels.add_epoll(pid, request.epoll)
        elif request.kind is WaitKind.FILE_LOCK:
            channels = self._channels.add_lockable(pid, request.awaited[0].fd)
        elif request.awaited:
            channels = self._channels.add(pid, request.awaited)
        elif request.opened:
            channels = self._open(pid, request.opened, wchan)
        if request.children:
            pids, reason = self._children(process, request.children)
            children = Added((), reason)
        return Wait(
            kind=self._kind(pid, request),
            syscall=name,
            timed=request.timed,
            deadline_s=request.deadline_s,
            futex=request.futex,
            channels=channels.waits,
            children=pids,
            any_child=request.children is not None and request.children.which == "any",
            unknown=unknown or channels.unknown or children.unknown,
        )

    def _kind(self, pid: int, request: Request) -> WaitKind:
        """Tell a futex without FUTEX_PRIVATE_FLAG in private memory: pthread_join uses one."""
        if request.kind is not WaitKind.SHARED_LOCK or request.futex is None:
            return request.kind
        try:
            mapping = read_maps(pid, proc_root=self._proc_root).find(request.futex.address)
        except OSError:
            return request.kind  # shared is the wider meaning
        private = mapping is not None and not mapping.shared
        return WaitKind.LOCK if private else request.kind

    def _open(self, pid: int, opened: Opened, wchan: str | None) -> Added:
        """Follow the path only if the kernel waits in a FIFO: a lookup could hang as well."""
        if not any(word in (wchan or "") for word in _FIFO_WORDS):
            return Added((), f"opening {opened.path} may wait for a file system")
        base = f"{self._proc_root}/{pid}"
        start = "cwd" if opened.directory is None else f"fd/{opened.directory}"
        path = f"{base}/root{opened.path}" if opened.path.startswith("/") else ""
        try:
            found = identify(path or f"{base}/{start}/{opened.path}")
        except OSError as error:
            return Added((), f"{opened.path} could not be read: {error.strerror}")
        if not stat.S_ISFIFO(found.mode):
            return Added((), f"{opened.path} is no FIFO")
        other = "writing" if opened.direction == "read" else "reading"
        channel = Channel(
            id=f"open:{file_key(found)}:{other}",
            kind=ChannelKind.PIPE,
            name=opened.path,
            outside=f"a process that opens {opened.path} for {other}",
        )
        wait = self._channels.add_outside(channel, fd=_NO_FD, direction=opened.direction)
        return Added((wait,))

    def _children(
        self, process: ProcessReading, wanted: Children
    ) -> tuple[tuple[int, ...], str | None]:
        """Return the actual children meant, in the observer's namespace, or why none is."""
        children = [
            each
            for each in self._readings.values()
            if each.process.parent_pid == process.process.pid
        ]
        level = len(process.pids) - 1
        match wanted.which:
            case "any":
                found = children
            case "pid":
                found = [each for each in children if _pid_at(each, level) == wanted.number]
            case "pidfd":
                return self._pidfd_child(process.alive_tid, wanted.number, children)
            case "group":
                group = self._group(process, wanted.number, level)
                found = [each for each in children if each.group == group]
        pids = tuple(each.process.pid for each in found)
        if not pids:
            return (), "it waits for a child that is not among its children here"
        return pids, None

    def _group(self, process: ProcessReading, number: int, level: int) -> int | None:
        if number == 0:
            return process.group
        if level == 0:
            return number
        leaders = (each for each in self._readings.values() if _pid_at(each, level) == number)
        return next((each.process.pid for each in leaders), None)

    def _pidfd_child(
        self, pid: int, fd: int, children: list[ProcessReading]
    ) -> tuple[tuple[int, ...], str | None]:
        try:
            target = read_fdinfo(pid, fd, proc_root=self._proc_root).pid
        except OSError as error:
            return (), f"descriptor {fd} could not be read: {error.strerror}"
        if target not in {each.process.pid for each in children}:
            return (), "it waits for a child that is not among its children here"
        return (target or 0,), None


def file_lock_holders(
    wait: Wait, waiter: int, lines: Iterable[LockLine], holders: Holders, proc_root: Path
) -> tuple[tuple[int, ...], str | None]:
    """Return who holds the lock that a FILE_LOCK wait of process `waiter` is for."""
    if not wait.channels:
        return (), wait.unknown
    key = wait.channels[0].channel
    opened: list[Held] = holders.by_key.get(key, [])
    found = find_lock_holders(
        lines,
        kinds=_LOCK_KINDS.get(wait.syscall or "", frozenset()),
        inode=int(key.rpartition(":")[2]),
        waiter=waiter,
        opened=opened,
        alive=list_numbers(proc_root),
    )
    return found.pids, found.unknown


def _pid_at(process: ProcessReading, level: int) -> int | None:
    """Return its pid as seen in the namespace `level` steps inside of the observer's."""
    return process.pids[level] if level < len(process.pids) else None
