"""Who could release what a thread waits for in a futex: a lock, or anything built on one."""

from diag.analysis.completions import completion_of
from diag.analysis.idioms import Idiom, idiom_of, is_entering_shared_lock
from diag.analysis.natives import who_may_release
from diag.analysis.owners import OwnerState, likely_to_release, resolve
from diag.analysis.parties import Wakers, around, doubts, siblings
from diag.analysis.signals import signals_for
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.lock import Lock
from diag.model.wait import Wait


def of_private_futex(tree: Tree, waiter: ThreadId, wait: Wait) -> Wakers:
    """Return who could end a wait on a futex of one process."""
    owner = resolve(tree, waiter, wait.lock) if wait.lock is not None else None
    if owner is not None and owner.state not in (OwnerState.UNKNOWN, OwnerState.CANDIDATE):
        threads = frozenset({owner.thread}) if owner.thread is not None else frozenset()
        return Wakers(threads=threads, owner=owner)
    signals = signals_for(tree, waiter)
    completion = completion_of(tree, waiter)
    if completion is not None:
        # Any thread may cancel a Future or set its result: for a proof they all count.
        return Wakers(
            threads=completion.threads,
            suspects=frozenset({waiter.pid}),
            uncertain=tuple(filter(None, signals)),
            completion=completion,
            witnesses=completion.witnesses,
        )
    able, idle = who_may_release(tree, waiter)
    likely = likely_to_release(tree, waiter)
    return Wakers(
        threads=able if likely is None else able & likely,
        suspects=frozenset() if likely is None else frozenset({waiter.pid}),
        processes=around(tree, waiter),
        outside=signals.outside,
        uncertain=doubts(signals),
        owner=owner,
        witnesses=idle,
    )


def of_shared_futex(tree: Tree, waiter: ThreadId, wait: Wait) -> Wakers:
    """Return who could end a wait on a futex in shared memory: a lock of multiprocessing."""
    lock = wait.lock
    if lock is None or lock.semaphore is None:
        return Wakers(itself="not understood: shared memory that is no multiprocessing lock")
    semaphore = lock.semaphore
    owner = resolve(tree, waiter, lock)
    if semaphore.recursive and owner.state in (OwnerState.THREAD, OwnerState.GONE):
        # SemLock.release() of an RLock refuses every thread but the owner.
        return Wakers(
            threads=frozenset({owner.thread} if owner.thread is not None else ()), owner=owner
        )
    strangers = sorted(frozenset(semaphore.mapped_by) - tree.processes.keys())
    if strangers:
        return Wakers(outside=f"process {strangers[0]}, which maps the lock too", owner=owner)
    if _is_mutex(tree, waiter, lock) and owner.state is not OwnerState.UNKNOWN:
        uncertain = tuple(f"process {pid} could not be read" for pid in semaphore.unread)
        # Any process may release a Lock of another: for a proof they all count, unless the
        # holder will release it at the end of a `with`.
        inside_with = any(holder.inside_with for holder in semaphore.holders)
        return Wakers(
            threads=frozenset({owner.thread} if owner.thread is not None else ()),
            suspects=frozenset() if inside_with else frozenset(semaphore.mapped_by),
            uncertain=uncertain,
            owner=owner,
        )
    signals = signals_for(tree, waiter)
    return Wakers(
        threads=siblings(tree, waiter),
        processes=frozenset(semaphore.mapped_by) - {waiter.pid} | around(tree, waiter),
        uncertain=doubts(signals),
        owner=owner,
        outside=signals.outside,
    )


def _is_mutex(tree: Tree, waiter: ThreadId, lock: Lock) -> bool:
    """Whether a shared semaphore is used as a lock, not to count or to signal."""
    if lock.semaphore is None or lock.semaphore.max_value != 1:
        return False
    stack = tree.threads[waiter].stack
    return idiom_of(stack) is Idiom.LOCK or is_entering_shared_lock(stack)
