"""One pass over a process tree, from `/proc` alone; nothing is paused."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from diag.collect.access import remedy
from diag.collect.channels import Channels
from diag.collect.endpoints import Endpoints
from diag.collect.filelocks import parse_locks
from diag.collect.holders import Holders, find_holders
from diag.collect.kin import find_hidden
from diag.collect.memory import PROC, Memory
from diag.collect.peers import Peers
from diag.collect.processes import ProcessReading, read_process
from diag.collect.procfs import PF_KTHREAD, read_all
from diag.collect.resolve import Resolver, file_lock_holders
from diag.collect.strangers import with_strangers
from diag.collect.tree import Node, read_stat, read_tree
from diag.collect.waits import understand
from diag.errors import TargetForbiddenError, TargetGoneError
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.thread import Thread
from diag.model.wait import Wait, WaitKind

_MAX_CONTEXT = 3
_MAX_ANCESTORS = 1000


def sweep(pid: int, *, also: Iterable[int] = (), proc_root: Path = PROC) -> Snapshot:
    """Look once at the tree beneath `pid`, and beneath `also` (see `read_tree`).

    Raises:
        TargetGoneError: there is no such process, or it ended meanwhile.
        TargetForbiddenError: nothing useful of the tree may be read.

    """
    taken_at_unix_s, started_s = time.time(), time.monotonic()
    try:
        tree = read_tree(pid, also=also, proc_root=proc_root)
    except PermissionError as error:  # /proc is mounted with hidepid=1
        raise _forbidden(pid, None, proc_root) from error
    except OSError as error:
        raise _gone(pid) from error
    if tree.nodes[0].stat.flags & PF_KTHREAD:
        raise TargetForbiddenError(f"{pid} is a thread of the kernel, not a program")
    readings = {node.pid: read_process(node, proc_root=proc_root) for node in tree.nodes}
    _check(pid, readings, proc_root)
    context = tuple(_read_context(readings[pid], proc_root))

    channels = _channels(readings, proc_root)
    resolver = Resolver(readings, channels, proc_root=proc_root)
    processes = [_with_waits(reading, resolver, proc_root) for reading in readings.values()]
    copied = [_with_waits(reading, resolver, proc_root) for reading in context]
    locking = any(
        thread.wait.kind is WaitKind.FILE_LOCK for each in processes for thread in each.threads
    )
    holders = Holders({}, ())
    if keys := channels.keys():
        holders = find_holders(keys, proc_root=proc_root)
    if locking:
        fill = _lock_filler(holders, proc_root)
        processes = [fill(process) for process in processes]
    hidden = find_hidden(holders.unreadable, root=pid, proc_root=proc_root)
    return Snapshot(
        root=readings[pid].process.id,
        taken_at_unix_s=taken_at_unix_s,
        started_s=started_s,
        ended_s=time.monotonic(),
        processes=tuple(processes),
        context=tuple(copied),
        ancestors=tuple(_ancestors(readings[pid].process.parent_pid, proc_root)),
        channels=with_strangers(
            channels.build(holders, hidden), readings.keys(), proc_root=proc_root
        ),
        gaps=tree.gaps,
    )


def _gone(pid: int) -> TargetGoneError:
    return TargetGoneError(
        f"there is no process {pid}", hint="see `ps -e` for the processes that run"
    )


def _forbidden(pid: int, uid: int | None, proc_root: Path) -> TargetForbiddenError:
    return TargetForbiddenError(
        f"process {pid} may not be read by this user", hint=remedy(uid, proc_root=proc_root)
    )


def _check(pid: int, readings: dict[int, ProcessReading], proc_root: Path) -> None:
    """Give up where no answer could be given."""
    root = readings[pid]
    if not root.threads:
        raise _gone(pid)
    if root.process_id != pid:
        raise TargetGoneError(
            f"{pid} is a thread of process {root.process_id}", hint=f"look at {root.process_id}"
        )
    if all(reading.denied or not reading.threads for reading in readings.values()):
        raise _forbidden(pid, root.process.uid, proc_root)


def _channels(readings: dict[int, ProcessReading], proc_root: Path) -> Channels:
    def sharers(pid: int) -> Iterable[int]:
        for reading in readings.values():
            if reading.alive_tid != pid or len(reading.threads) > 1:
                yield reading.alive_tid

    endpoints = Endpoints(Peers(proc_root=proc_root), proc_root=proc_root)
    return Channels(endpoints, sharers=sharers, proc_root=proc_root)


def _read_context(root: ProcessReading, proc_root: Path) -> Iterator[ProcessReading]:
    """Yield the ancestors whose memory the root is a copy of, nearest first."""
    child = root.process
    for _ in range(_MAX_CONTEXT):
        if not child.forked_without_exec or child.parent_pid <= 0:
            return
        try:
            stat = read_stat(child.parent_pid, proc_root=proc_root)
        except OSError:
            return  # the parent ended
        reading = read_process(Node(child.parent_pid, stat), proc_root=proc_root)
        parent = reading.process
        # An orphan has been given to another parent, which runs something else.
        if parent.executable != child.executable or parent.id.start_ticks > child.id.start_ticks:
            return
        yield reading
        child = parent


def _ancestors(pid: int, proc_root: Path) -> Iterator[int]:
    """Yield a process and those above it; not for ever where pids are used again meanwhile."""
    for _ in range(_MAX_ANCESTORS):
        if pid <= 0:
            return
        yield pid
        try:
            pid = read_stat(pid, proc_root=proc_root).parent_pid
        except OSError:
            return  # it ended, or may not be seen


def _with_waits(reading: ProcessReading, resolver: Resolver, proc_root: Path) -> Process:
    threads: list[Thread] = []
    offset_s = time.monotonic() - time.time()
    with _memory(reading.alive_tid, proc_root) as memory:
        for each in reading.threads:
            understood = understand(
                each.blocked,
                memory,
                machine=os.uname().machine,
                realtime_to_monotonic_s=offset_s,
            )
            wait = resolver.wait(reading, understood, each.blocked.wchan)
            threads.append(replace(each.thread, wait=wait))
    return replace(reading.process, threads=tuple(threads))


def _lock_filler(holders: Holders, proc_root: Path) -> Callable[[Process], Process]:
    try:
        lines = parse_locks(read_all(proc_root / "locks"))
        reason = None
    except OSError as error:
        lines, reason = [], f"/proc/locks could not be read: {error.strerror}"

    def fill_wait(pid: int, wait: Wait) -> Wait:
        if wait.kind is not WaitKind.FILE_LOCK:
            return wait
        pids, unknown = file_lock_holders(wait, pid, lines, holders, proc_root)
        return replace(wait, holders=pids, unknown=reason or unknown)

    def fill(process: Process) -> Process:
        threads = (
            replace(thread, wait=fill_wait(process.pid, thread.wait)) for thread in process.threads
        )
        return replace(process, threads=tuple(threads))

    return fill


class _LazyMemory:
    """Opened at the first read: most threads need none."""

    def __init__(self, pid: int, proc_root: Path) -> None:
        self._pid, self._proc_root = pid, proc_root
        self._memory: Memory | None = None

    def _open(self) -> Memory:
        if self._memory is None:
            self._memory = Memory(self._pid, proc_root=self._proc_root)
        return self._memory

    def read(self, address: int, size: int) -> bytes:
        return self._open().read(address, size)

    def c_string(self, address: int, *, limit: int = 256) -> str:
        return self._open().c_string(address, limit=limit)

    def close(self) -> None:
        if self._memory is not None:
            self._memory.close()


@contextmanager
def _memory(pid: int, proc_root: Path) -> Iterator[_LazyMemory]:
    memory = _LazyMemory(pid, proc_root)
    try:
        yield memory
    finally:
        memory.close()
