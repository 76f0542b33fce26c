"""What threads do, over many quick looks: who runs, who waits for the GIL, who for a lock.

A look reads `/proc/PID/task/TID/syscall` through a descriptor that stays open: a few
microseconds a thread, and nothing is paused. "running" covers threads that run, that are
runnable without a CPU, and that a quota holds back: the kernel prints it for all in state R.
"""

import os
import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from diag.collect.memory import PROC, Memory, MemoryUnreadableError
from diag.collect.procfs import list_numbers, parse_stat, parse_syscall
from diag.collect.syscalls import syscall_name
from diag.model.gap import Gap
from diag.model.ids import ProcessId
from diag.model.sample import Activity, ThreadActivity
from diag.model.snapshot import Snapshot
from diag.model.thread import Syscall

EVERY_S = 0.02
_MACHINE = os.uname().machine
_MEMORY_S = 60.0
_MAX_THREADS = 256  # two descriptors each
_SHARE = 9  # of the time spent looking: the pause is at least this many times as long
# The condition variable that threads wait on for the GIL, within struct _gil_runtime_state
# (Include/internal/pycore_gil.h): the same place on CPython 3.9 to 3.15.
_GIL_COND = range(32, 80)
_FUTEX_PRIVATE = 0x80  # linux/futex.h
# From 3.14 on a thread waits for a lock at a semaphore in its own stack (Python/parking_lot.c,
# struct wait_entry); the address of the lock's mutex is in front of it.
_PARKED_WITHIN = 4096  # bytes above the stack pointer
_MUTEX_BEFORE = 8


class Observer:
    """Looks at the threads of some processes; close it with `finish`.

    Attributes:
        looks: how often it has looked.

    """

    def __init__(
        self, snapshot: Snapshot, pids: Collection[int], *, proc_root: Path = PROC
    ) -> None:
        self._root: ProcessId = snapshot.root
        self._proc_root = proc_root
        self._gils = {
            process.pid: process.gil.address if process.gil else None
            for process in snapshot.processes
        }
        self._pids: set[int] = set()
        self.add(pids)
        self._threads: dict[tuple[int, int], _Watched] = {}
        self._gaps: dict[int | None, Gap] = {}
        self._memories: dict[int, Memory | None] = {}
        self._started_s = time.monotonic()
        self.looks = 0

    def add(self, pids: Collection[int]) -> None:
        """Look at these processes too; those that are not in the snapshot are left out."""
        self._pids.update(self._gils.keys() & pids)

    def look(self) -> float:
        """Look once at every thread; return the seconds to wait before the next look."""
        began = time.thread_time()
        self.looks += 1
        for pid in self._pids:
            gil = self._gils[pid]
            for tid in self._tids(pid):
                watched = self._watched(pid, tid)
                if watched is not None:
                    watched.look(gil, self._memory(pid))
        return max(EVERY_S, _SHARE * (time.thread_time() - began))

    def finish(self) -> Activity:
        """Close all descriptors and return what was seen."""
        threads = tuple(
            watched.finish(pid, tid) for (pid, tid), watched in sorted(self._threads.items())
        )
        for memory in self._memories.values():
            if memory is not None:
                memory.close()
        return Activity(
            root=self._root,
            started_s=self._started_s,
            ended_s=time.monotonic(),
            threads=threads,
            gaps=tuple(self._gaps.values()),
        )

    def _memory(self, pid: int) -> Memory | None:
        """Return the memory of a process, None if it may not be read."""
        if pid not in self._memories:
            try:
                self._memories[pid] = Memory(pid, proc_root=self._proc_root, max_s=_MEMORY_S)
            except MemoryUnreadableError:
                self._memories[pid] = None
        return self._memories[pid]

    def _tids(self, pid: int) -> list[int]:
        try:
            return list_numbers(f"{self._proc_root}/{pid}/task")
        except OSError:
            return []  # it ended

    def _watched(self, pid: int, tid: int) -> "_Watched | None":
        found = self._threads.get((pid, tid))
        if found is not None:
            return found
        if len(self._threads) >= _MAX_THREADS:
            because = f"only the first {_MAX_THREADS} threads are looked at often"
            self._gaps[None] = Gap(what="activity", because=because)
            return None
        try:
            watched = _Watched(f"{self._proc_root}/{pid}/task/{tid}")
        except PermissionError as error:
            because = f"its system calls may not be read: {error.strerror}"
            self._gaps[pid] = Gap(what="activity", because=because, pid=pid)
            return None
        except OSError:
            return None  # the thread ended
        self._threads[pid, tid] = watched
        return watched


class _Watched:
    """One thread, with its files kept open."""

    def __init__(self, base: str) -> None:
        self._syscall = os.open(f"{base}/syscall", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._stat = os.open(f"{base}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            os.close(self._syscall)
            raise
        self._looks = self._running = self._for_gil = 0
        self._locks: Counter[int] = Counter()
        self._first_ticks = self._last_ticks = self._ticks() or 0

    def look(self, gil: int | None, memory: Memory | None) -> None:
        try:
            syscall = parse_syscall(os.pread(self._syscall, 256, 0))
        except (OSError, ValueError):  # it ended: the file is empty or gives ESRCH
            return
        self._looks += 1
        if syscall is None:
            self._running += 1
        elif syscall.number >= 0 and syscall_name(syscall.number, _MACHINE) == "futex":
            address = syscall.args[0]
            if gil is not None and address - gil in _GIL_COND:
                self._for_gil += 1
            elif syscall.args[1] & _FUTEX_PRIVATE:
                self._locks[_lock_at(syscall, memory)] += 1

    def finish(self, pid: int, tid: int) -> ThreadActivity:
        self._last_ticks = self._ticks() or self._last_ticks
        os.close(self._syscall)
        os.close(self._stat)
        lock, waiting = next(iter(self._locks.most_common(1)), (None, 0))
        return ThreadActivity(
            pid=pid,
            tid=tid,
            looks=self._looks,
            running=self._running,
            waiting_for_gil=self._for_gil,
            cpu_ticks=max(0, self._last_ticks - self._first_ticks),
            waiting_for_lock=waiting,
            lock=lock,
        )

    def _ticks(self) -> int | None:
        try:
            stat = parse_stat(os.pread(self._stat, 4096, 0))
        except (OSError, ValueError):
            return None  # it ended
        return stat.user_ticks + stat.system_ticks


def _lock_at(syscall: Syscall, memory: Memory | None) -> int:
    """Return what tells locks apart: the mutex of a thread that is parked, else the futex."""
    address = syscall.args[0]
    if memory is None or not 0 <= address - syscall.stack_pointer < _PARKED_WITHIN:
        return address
    try:
        return memory.u64(address - _MUTEX_BEFORE)
    except MemoryUnreadableError:
        return address


def observe(
    snapshot: Snapshot, pids: Collection[int], *, for_s: float, proc_root: Path = PROC
) -> Activity:
    """Look for `for_s` seconds, about fifty times a second, at the threads of `pids`.

    Args:
        snapshot: of the tree, with the addresses of GILs (`add_objects`).
        pids: processes of the snapshot; others are left out.
        for_s: how long.
        proc_root: where `/proc` is.

    """
    observer = Observer(snapshot, pids, proc_root=proc_root)
    until_s = time.monotonic() + for_s
    while time.monotonic() < until_s:
        time.sleep(observer.look())
    return observer.finish()
