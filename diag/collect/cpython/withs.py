"""Names the holders of the locks that threads of one process wait for, by their `with`."""

from collections.abc import Callable

import msgspec

from diag.collect.cpython.entered import Entered
from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.holders import locks_held
from diag.collect.cpython.locks import Interior
from diag.model.lock import Lock, LockKind
from diag.model.thread import Thread

WITH = "with"


def with_holders(
    interior: Interior,
    layout: FrameLayout,
    threads: tuple[Thread, ...],
    still_waits: Callable[[Thread], bool],
    *,
    forked: bool,
) -> tuple[Thread, ...]:
    """Return the threads, plain locks with the one thread that is inside a `with` on them.

    So are RLocks whose owner might else be an earlier thread that had the same ident.

    Args:
        interior: the process.
        layout: of its frames.
        threads: of the process.
        still_waits: tells whether a thread has not moved since it was swept.
        forked: whether the process was forked and did not exec since.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    wanted = {lock.address for lock in map(_sought, threads) if lock is not None}
    if not wanted:
        return threads
    by_inner_tid = {thread.inner_tid or thread.tid: thread for thread in threads}
    entered = Entered(interior.memory, interior.types, layout, interior.version)
    owners: dict[int, set[int]] = {}
    for state in interior.runtime.states:
        thread = by_inner_tid.get(interior.runtime.idents[state.ident])
        if thread is None or thread.syscall is None:
            continue  # a running thread's frames change while they are read
        held = locks_held(entered, state.address, forked=forked)
        if (found := held & wanted) and still_waits(thread):
            for address in found:
                owners.setdefault(address, set()).add(state.ident)
    return tuple(_with_owner(thread, owners) for thread in threads)


def _sought(thread: Thread) -> Lock | None:
    """Return the lock that the thread waits for, if it does not say well enough who has it."""
    lock = thread.wait.lock
    if lock is None or not lock.locked:
        return None
    return lock if lock.kind is LockKind.LOCK or lock.kind is LockKind.RLOCK else None


def _with_owner(thread: Thread, owners: dict[int, set[int]]) -> Thread:
    lock = _sought(thread)
    idents = owners.get(lock.address or 0, set()) if lock is not None else set()
    if lock is None or not idents:
        return thread
    if lock.kind is LockKind.RLOCK:
        if lock.owner_ident not in idents:
            return thread
        lock = msgspec.structs.replace(lock, owner_source=WITH, owner_reused=False)
    elif len(idents) == 1:
        (ident,) = idents
        lock = msgspec.structs.replace(
            lock, owner_ident=ident, owner_source=WITH, owner_unknown=None
        )
    else:
        because = "several threads are inside a with statement on it"
        lock = msgspec.structs.replace(lock, owner_unknown=because)
    wait = msgspec.structs.replace(thread.wait, lock=lock)
    return msgspec.structs.replace(thread, wait=wait)
