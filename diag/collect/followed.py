"""One process that is followed: what the scheduler says of its threads, in kept descriptors.

`/proc/PID/task/TID/schedstat` holds CPU time, run delay and the number of times the
thread got a CPU (Documentation/scheduler/sched-stats.rst). A thread for which it has
not changed has not run in between. A kept descriptor names the thread itself: once the
thread has ended a read fails with ESRCH, even when another thread has got its id. Where
diag may not keep more of them, files are opened by their names for each pass, which takes
three times as long; a thread that got the id of another then has other counters.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from diag.collect.procfs import list_numbers, read_once
from diag.collect.tree import read_stat
from diag.model.ids import ProcessId, ThreadId

_BYTES = 4096
_NS = 1e-9
_FLAGS = os.O_RDONLY | os.O_CLOEXEC
_NOT_KEPT = -1

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


class Kept:
    """Opens descriptors that are kept, as many as there is room for.

    Attributes:
        room: how many more may be kept.

    """

    def __init__(self, room: int) -> None:
        self.room = room

    def open(self, path: str, flags: int = _FLAGS) -> int:
        """Return a descriptor, negative if there is no room for it or the kernel has no such file.

        Raises:
            OSError: whom it is about has ended.

        """
        if self.room <= 0:
            return _NOT_KEPT
        fd = os.open(path, flags)
        self.room -= 1
        return fd

    def close(self, *fds: int) -> None:
        """Close those that are kept."""
        for fd in fds:
            if fd != _NOT_KEPT:
                os.close(fd)
                self.room += 1


class _Thread:
    """The files of one thread, and what they said last."""

    __slots__ = ("base", "children_fd", "counters", "cpu_ns", "schedstat_fd")

    def __init__(self, pid: int, tid: int, kept: Kept) -> None:
        self.base = f"/proc/{pid}/task/{tid}/"
        self.schedstat_fd = kept.open(self.base + "schedstat")
        self.children_fd = _NOT_KEPT
        try:
            self.children_fd = kept.open(self.base + "children")
        except FileNotFoundError:
            pass  # without CONFIG_PROC_CHILDREN: full passes find them
        except OSError:
            kept.close(self.schedstat_fd)
            raise
        self.counters = b""
        self.cpu_ns = 0

    def read(self) -> bytes:
        """Return its counters; raise OSError if it has ended."""
        if self.schedstat_fd == _NOT_KEPT:
            return read_once(self.base + "schedstat")
        return os.pread(self.schedstat_fd, _BYTES, 0)

    def children(self) -> Iterable[int]:
        """Return the pids of its children, as many as fit into one read: a full pass finds all."""
        try:
            if self.children_fd == _NOT_KEPT:
                data = read_once(self.base + "children")
            else:
                data = os.pread(self.children_fd, _BYTES, 0)
        except OSError:
            return ()
        numbers = data.split()
        return map(int, numbers[:-1] if len(data) == _BYTES else numbers)


class Followed:
    """A process, as it was when it was found, and the files of its threads.

    Attributes:
        id: pid and start time.
        children: those of threads that ran before the last `read`.

    Raises:
        OSError: there is no such process.

    """

    def __init__(self, pid: int, kept: Kept) -> None:
        stat = read_stat(pid)
        self.id = ProcessId(pid=pid, start_ticks=stat.start_ticks)
        self.children: set[int] = set()
        self._parent_pid, self._name = stat.parent_pid, stat.name
        self._kept = kept
        self._tasks = f"/proc/{pid}/task"
        self._task_fd = kept.open(self._tasks, _FLAGS | os.O_DIRECTORY)
        self._threads: dict[int, _Thread] = {}

    def close(self) -> None:
        """Close every file."""
        self._kept.close(self._task_fd)
        while self._threads:
            self._drop(next(iter(self._threads)))

    def read(self, still: list[Still], members: list[ThreadId]) -> Pulse | None:
        """Read all of it, None if it has ended; its threads are added to the lists."""
        if not self._is_listed() and not self._list():
            return None
        moved, cpu_ns = 0, 0
        self.children.clear()
        ended: list[int] = []
        for tid, thread in self._threads.items():
            try:
                counters = thread.read()
            except (ProcessLookupError, FileNotFoundError):
                ended.append(tid)
                continue
            thread_id = ThreadId(self.id.pid, tid)
            members.append(thread_id)
            if counters == thread.counters:
                still.append((thread_id, counters))
                continue
            now_ns = int(counters.split(None, 1)[0])
            if thread.counters:
                cpu_ns += now_ns - thread.cpu_ns
            thread.counters, thread.cpu_ns = counters, now_ns
            moved += 1
            self.children.update(thread.children())
        for tid in ended:
            self._drop(tid)
        if not self._threads and not self._list():
            return None
        count = len(self._threads)
        return Pulse(self.id, self._parent_pid, self._name, count, moved, cpu_ns * _NS)

    def _is_listed(self) -> bool:
        """Whether as many threads are known as there are."""
        try:
            kept = self._task_fd != _NOT_KEPT
            found = os.fstat(self._task_fd) if kept else Path(self._tasks).stat()
            # proc_task_getattr (fs/proc/base.c): 2, and one for each thread
            return found.st_nlink - 2 == len(self._threads)
        except OSError:
            return False

    def _list(self) -> bool:
        """Bring the list of threads up to date; False if the process has ended."""
        pid = self.id.pid
        try:
            if read_stat(pid).start_ticks != self.id.start_ticks:
                return False
            tids = set(list_numbers(self._tasks))
        except OSError:
            return False
        for tid in self._threads.keys() - tids:
            self._drop(tid)
        for tid in tids - self._threads.keys():
            try:
                self._threads[tid] = _Thread(pid, tid, self._kept)
            except OSError:
                continue  # it ended
        return bool(self._threads)

    def _drop(self, tid: int) -> None:
        thread = self._threads.pop(tid)
        self._kept.close(thread.schedstat_fd, thread.children_fd)
