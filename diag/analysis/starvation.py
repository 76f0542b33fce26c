"""Threads that starve because another one never gives the GIL away.

CPython asks the holder for the GIL every 5 ms; Python code gives it away then.
Only C code that does not release it, or blocks while it holds it, keeps it.
"""

from collections.abc import Iterable, Iterator

import msgspec

from diag.analysis.confirm import unmoved
from diag.analysis.tree import Tree
from diag.model.base import Record
from diag.model.ids import ThreadId
from diag.model.lock import Lock, LockKind
from diag.model.process import Gil, Process
from diag.model.sample import Activity
from diag.model.snapshot import Snapshot
from diag.model.thread import Thread
from diag.model.wait import Wait, WaitKind

_LEAST_CPU_S = 0.1  # twenty times what Python code keeps the GIL when others want it


class HeldGil(Record, frozen=True):
    """A GIL that did not change hands between two looks although others wanted it.

    Attributes:
        holder: the thread that holds it.
        starving: the threads that waited for it all the time.
        switch_number: how often it had changed hands, in both looks.

    """

    holder: ThreadId
    starving: tuple[ThreadId, ...]
    switch_number: int


def gil_holder(tree: Tree, pid: int) -> ThreadId | None:
    """Return the thread that holds the GIL of a process, None if none or not known."""
    gil = tree.processes[pid].gil
    if gil is None or not gil.locked or gil.holder_ident is None:
        return None
    return tree.thread_with_ident(pid, gil.holder_ident)


def wants_gil(thread: Thread) -> bool:
    """Return whether a thread waits for the GIL."""
    lock = thread.wait.lock
    return lock is not None and lock.kind is LockKind.GIL


def with_starving(
    first: Snapshot, second: Snapshot, activities: Iterable[Activity] = ()
) -> Snapshot:
    """Return the first look, with the waits for a GIL that only later looks have seen.

    A thread that waits for the GIL wakes every 5 ms to ask for it, so a look may find
    it running. If the GIL has not changed hands, it has not got it either.
    """
    later = {process.id: process for process in second.processes}
    asking = {
        ThreadId(thread.pid, thread.tid)
        for activity in activities
        if first.started_s <= activity.started_s and activity.ended_s <= second.ended_s
        for thread in activity.threads
        if thread.waiting_for_gil
    }
    asking |= {thread_id for thread_id, _, thread in second.threads() if wants_gil(thread)}
    return msgspec.structs.replace(
        first,
        processes=tuple(
            _with_starving(process, process.gil, asking)
            if process.id in later and process.gil == later[process.id].gil
            else process
            for process in first.processes
        ),
    )


def _with_starving(process: Process, gil: Gil | None, asking: set[ThreadId]) -> Process:
    if gil is None or not gil.locked or gil.holder_ident is None:
        return process
    lock = Lock(kind=LockKind.GIL, address=gil.address, locked=True, owner_ident=gil.holder_ident)
    wait = Wait(kind=WaitKind.LOCK, syscall="futex", lock=lock)
    threads = tuple(
        msgspec.structs.replace(thread, wait=wait)
        if thread.wait.kind is WaitKind.RUNNING
        and thread.ident != gil.holder_ident
        and ThreadId(process.pid, thread.tid) in asking
        else thread
        for thread in process.threads
    )
    return msgspec.structs.replace(process, threads=threads)


def held_gils(first: Tree, second: Tree, *, ticks_per_s: int) -> Iterator[HeldGil]:
    """Yield the GILs that were not given away between two looks, and kept somebody waiting."""
    for pid, process in first.processes.items():
        holder = gil_holder(first, pid)
        again = second.processes.get(pid)
        if holder is None or again is None or again.id != process.id or process.gil is None:
            continue
        if again.gil != process.gil or holder not in second.threads:
            continue
        starving = tuple(
            thread_id
            for thread_id in first.threads_of[pid]
            if thread_id in second.threads
            and wants_gil(first.threads[thread_id])
            and _asks(second.threads[thread_id])
        )
        before, after = first.threads[holder], second.threads[holder]
        if starving and _keeps_it(before, after, ticks_per_s):
            yield HeldGil(holder=holder, starving=starving, switch_number=process.gil.switch_number)


def _asks(thread: Thread) -> bool:
    """Whether it waits for the GIL, or has just woken up to ask for it."""
    return wants_gil(thread) or thread.wait.kind is WaitKind.RUNNING


def _keeps_it(before: Thread, after: Thread, ticks_per_s: int) -> bool:
    """Whether the holder is blocked, or had the CPU time to go on."""
    if {before.wait.kind, after.wait.kind} & {WaitKind.STOPPED, WaitKind.FROZEN, WaitKind.TRACED}:
        return False
    if before.wait.kind is not WaitKind.RUNNING and unmoved(before, after):
        return True
    used = after.user_ticks + after.system_ticks - before.user_ticks - before.system_ticks
    return used / ticks_per_s >= _LEAST_CPU_S
