"""Who seems to hold a plain lock that was taken by a bare acquire(), or by an own class.

Nothing on any stack says so, but the code of the functions that threads are in may. The
source may have changed, and a branch not been taken: it is likely, and never a proof.
"""

from collections.abc import Callable

import msgspec

from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.runtime import ThreadState
from diag.collect.cpython.sources import DEADLINE_S
from diag.collect.cpython.taking import Seen, Taking, both
from diag.model.lock import Candidate, Lock, LockKind
from diag.model.process import Process
from diag.model.thread import Thread


def with_candidates(
    interior: Interior,
    layout: FrameLayout,
    process: Process,
    threads: tuple[Thread, ...],
    still_waits: Callable[[Thread], bool],
) -> tuple[Thread, ...]:
    """Return the threads, plain locks without a known owner with who seems to hold them.

    Args:
        interior: the process.
        layout: of its frames.
        process: itself.
        threads: of it.
        still_waits: tells whether a thread has not moved since it was swept.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.
        TimeoutError: a file of its source does not answer.

    """
    search = Taking(interior, layout, process)
    states = {interior.runtime.idents[s.ident]: s for s in interior.runtime.states}
    sought = _sought(search, threads, states)
    if not sought:
        return threads
    wanted = set(sought.values())
    candidates: dict[int, list[Candidate]] = {address: [] for address in wanted}
    others: dict[int, list[int]] = {address: [] for address in wanted}
    maybe_held: set[int] = set()
    for thread in threads:
        state = states.get(thread.inner_tid or thread.tid)
        if state is None:
            continue  # it is native: it counts by itself
        seen = search.look_at(state.address, state.ident, wanted)
        if not still_waits(thread):
            # Frames that change while they are read may lack some.
            seen = both(seen, search.look_at(state.address, state.ident, wanted))
        for address in wanted:
            if seen is not None and address in seen.taken:
                candidates[address].append(seen.taken[address])
            elif seen is None or address in seen.given:
                others[address].append(state.ident)
            waits = address == sought.get(_awaited(thread) or 0)
            if seen is None or _may_hold(seen, address, waits=waits):
                maybe_held.add(address)
    if search.sources.unread is not None:  # who is not a candidate may be one for all that is known
        raise TimeoutError(f"{search.sources.unread} could not be read in {DEADLINE_S:g} s")
    left = {lock for lock, address in sought.items() if address not in maybe_held}
    threads = tuple(_with(thread, sought, candidates, others) for thread in threads)
    return tuple(_left(thread) if _awaited(thread) in left else thread for thread in threads)


def _sought(
    search: Taking, threads: tuple[Thread, ...], states: dict[int, ThreadState]
) -> dict[int, int]:
    """Return what the locks stand for that threads are blocked on: themselves, or a Semaphore."""
    found: dict[int, int] = {}
    for thread in threads:
        lock, state = _ownerless(thread), states.get(thread.inner_tid or thread.tid)
        if lock is None or lock.address is None or state is None:
            continue
        address = search.sought(state.address, lock.address)
        if address is not None:
            found[lock.address] = address
    return found


def _ownerless(thread: Thread) -> Lock | None:
    lock = thread.wait.lock
    if lock is None or lock.kind is not LockKind.LOCK or thread.wait.timed:
        return None
    return lock if lock.locked and lock.owner_ident is None else None


def _may_hold(seen: Seen, address: int, *, waits: bool) -> bool:
    """Whether a thread may hold a lock; one that waits for it holds it no other way."""
    named = address in seen.taken or address in seen.given
    return named or (seen.may_hold_others and not waits)


def _awaited(thread: Thread) -> int | None:
    """Return the address of the lock without a known owner that a thread is blocked on."""
    lock = _ownerless(thread)
    return lock.address if lock is not None else None


def _left(thread: Thread) -> Thread:
    lock = thread.wait.lock
    if lock is None:
        return thread
    wait = msgspec.structs.replace(thread.wait, lock=msgspec.structs.replace(lock, nobody=True))
    return msgspec.structs.replace(thread, wait=wait)


def _with(
    thread: Thread,
    sought: dict[int, int],
    candidates: dict[int, list[Candidate]],
    others: dict[int, list[int]],
) -> Thread:
    lock = _ownerless(thread)
    address = sought.get(lock.address or 0) if lock is not None else None
    if lock is None or address is None or not candidates[address]:
        return thread
    lock = msgspec.structs.replace(
        lock, candidates=tuple(candidates[address]), others=tuple(others[address])
    )
    return msgspec.structs.replace(thread, wait=msgspec.structs.replace(thread.wait, lock=lock))
