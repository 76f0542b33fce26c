"""Who has run lately: the scheduler's counters of every thread of a tree.

Cheap enough for hours: the files stay open and one `pread` a thread and pass tells
whether it moved. Nothing is understood here; that takes a sweep.

`/proc/PID/task/TID/schedstat` holds CPU time, run delay and the number of times the
thread got a CPU (Documentation/scheduler/sched-stats.rst). A thread for which it has
not changed has not run in between. A kept descriptor names the thread itself: once the
thread has ended a read fails with ESRCH, even when another thread has got its id.
"""

import os
import resource
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from diag.collect.procfs import list_numbers, read_once
from diag.collect.tree import read_stat, read_tree
from diag.model.ids import ProcessId, ThreadId

_BYTES = 4096
_FULL_EVERY_S = 10.0  # processes that changed parents, or came without their parent running
_NS = 1e-9
_PAGE_BYTES = resource.getpagesize()

Still = tuple[ThreadId, bytes]
"""A thread and its counters, which have not changed since the pass before."""


class Pulse(NamedTuple):
    """One process in one pass.

    Attributes:
        id: pid and start time.
        parent_pid: when it was found.
        name: the kernel's name of it, then.
        threads: number of threads.
        moved: threads that have run since the pass before.
        cpu_s: CPU time that its threads have used since the pass before.

    """

    id: ProcessId
    parent_pid: int
    name: str
    threads: int
    moved: int
    cpu_s: float


class Seen(NamedTuple):
    """What one pass saw.

    Attributes:
        at_s: CLOCK_MONOTONIC at its start.
        processes: those alive, the root first.
        still: threads that have not run since the pass before.
        members: all threads.
        cost_s: CPU time that the pass took.

    """

    at_s: float
    processes: tuple[Pulse, ...]
    still: frozenset[Still]
    members: frozenset[ThreadId]
    cost_s: float


class _Thread:
    """The open files of one thread, and what they said last."""

    __slots__ = ("children_fd", "counters", "cpu_ns", "schedstat_fd")

    def __init__(self, pid: int, tid: int) -> None:
        base = f"/proc/{pid}/task/{tid}/"
        self.schedstat_fd = os.open(base + "schedstat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.children_fd = os.open(base + "children", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self.children_fd = -1  # without CONFIG_PROC_CHILDREN: full passes find them
        except OSError:
            os.close(self.schedstat_fd)
            raise
        self.counters = b""
        self.cpu_ns = 0

    def close(self) -> None:
        os.close(self.schedstat_fd)
        if self.children_fd >= 0:
            os.close(self.children_fd)


class _Process:
    def __init__(self, pid: int) -> None:
        stat = read_stat(pid)
        self.id = ProcessId(pid=pid, start_ticks=stat.start_ticks)
        self.parent_pid, self.name = stat.parent_pid, stat.name
        self.task_fd = os.open(f"/proc/{pid}/task", os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        self.threads: dict[int, _Thread] = {}

    def close(self) -> None:
        os.close(self.task_fd)
        for thread in self.threads.values():
            thread.close()


class Routine:
    """Passes over one tree; a process once seen is followed until it ends.

    Args:
        root: pid of the target.
        adopted: gives further pids that belong to the tree though they do not
            descend from the root any more.

    Raises:
        OSError: the root is gone.

    """

    def __init__(self, root: int, *, adopted: Callable[[], Iterable[int]] = tuple) -> None:
        _raise_descriptor_limit()
        self._root, self._adopted = root, adopted
        self._processes: dict[int, _Process] = {root: _Process(root)}
        self._full_at_s = 0.0
        self._found: set[int] = set()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes of the tree, the root first."""
        return tuple(self._processes)

    @property
    def ids(self) -> tuple[ProcessId, ...]:
        """The processes of the tree, told apart from later ones with their pids."""
        return tuple(process.id for process in self._processes.values())

    def close(self) -> None:
        """Close every file."""
        for process in self._processes.values():
            process.close()
        self._processes.clear()

    def take(self) -> Seen:
        """Make one pass."""
        cpu_s, at_s = time.thread_time(), time.monotonic()
        if at_s >= self._full_at_s:
            self._find_all(at_s)
        pulses: list[Pulse] = []
        still: list[Still] = []
        members: list[ThreadId] = []
        queue = list(self._processes)
        for pid in queue:  # grows while children are found
            if pid not in self._processes and not self._add(pid):
                continue
            pulse = self._read(self._processes[pid], still, members)
            if pulse is None:
                self._processes.pop(pid).close()
                continue
            pulses.append(pulse)
            if new := self._found - self._processes.keys():
                queue += new.difference(queue)
        return Seen(
            at_s=at_s,
            processes=tuple(pulses),
            still=frozenset(still),
            members=frozenset(members),
            cost_s=time.thread_time() - cpu_s,
        )

    def _find_all(self, at_s: float) -> None:
        self._full_at_s = at_s + _FULL_EVERY_S
        for root in (self._root, *self._adopted()):
            try:
                nodes = read_tree(root).nodes
            except OSError:
                continue  # it ended
            for node in nodes:
                if node.pid not in self._processes:
                    self._add(node.pid)

    def _add(self, pid: int) -> bool:
        try:
            self._processes[pid] = _Process(pid)
        except OSError:
            return False  # it ended, or there are no descriptors left: the sweep says so
        return True

    def _read(self, process: _Process, still: list[Still], members: list[ThreadId]) -> Pulse | None:
        """Read one process, None if it has ended."""
        pid = process.id.pid
        threads = process.threads
        # proc_task_getattr (fs/proc/base.c): 2, and one for each thread
        if os.fstat(process.task_fd).st_nlink - 2 != len(threads) and not _list(process):
            return None
        moved, cpu_ns = 0, 0
        self._found.clear()
        ended: list[int] = []
        for tid, thread in threads.items():
            try:
                counters = os.pread(thread.schedstat_fd, _BYTES, 0)
            except ProcessLookupError:
                ended.append(tid)
                continue
            thread_id = ThreadId(pid, tid)
            members.append(thread_id)
            if counters == thread.counters:
                still.append((thread_id, counters))
                continue
            now_ns = int(counters.split(None, 1)[0])
            if thread.counters:
                cpu_ns += now_ns - thread.cpu_ns
            thread.counters, thread.cpu_ns = counters, now_ns
            moved += 1
            if thread.children_fd >= 0:
                self._found.update(_children(thread.children_fd))
        for tid in ended:
            threads.pop(tid).close()
        if not threads and not _list(process):
            return None
        return Pulse(
            process.id, process.parent_pid, process.name, len(threads), moved, cpu_ns * _NS
        )


def _list(process: _Process) -> bool:
    """Bring the list of threads up to date; False if the process has ended."""
    pid = process.id.pid
    try:
        if read_stat(pid).start_ticks != process.id.start_ticks:
            return False
        tids = set(list_numbers(f"/proc/{pid}/task"))
    except OSError:
        return False
    for tid in process.threads.keys() - tids:
        process.threads.pop(tid).close()
    for tid in tids - process.threads.keys():
        try:
            process.threads[tid] = _Thread(pid, tid)
        except OSError:
            continue  # it ended
    return bool(process.threads)


def _children(fd: int) -> Iterable[int]:
    try:
        data = os.pread(fd, _BYTES, 0)
    except OSError:
        return ()
    numbers = data.split()
    if len(data) == _BYTES:
        numbers = numbers[:-1]  # cut off; a full pass finds the rest
    return map(int, numbers)


def _raise_descriptor_limit() -> None:
    """Use as many descriptors as the hard limit allows: two a thread are kept open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def read_rss(pid: int) -> int | None:
    """Return the resident memory in bytes (field 2 of statm, proc(5)), None if it is gone."""
    try:
        return int(read_once(f"/proc/{pid}/statm").split()[1]) * _PAGE_BYTES
    except OSError:
        return None
