"""Threads that do nothing for the program: who of them could release a lock of Python.

Threads in the idle loop of a library that is known do not.
Others run no Python.

To do that such a thread has to enter the interpreter. One that is harmless never does.
One that sleeps in a native wait without a time-out may, but another thread of the
process has to wake it first: as long as it does not run it adds nothing to the others.
"""

from diag.analysis.keepers import loop_of
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.thread import Thread
from diag.model.wait import WaitKind

_OF_PYTHON = frozenset((LockKind.LOCK, LockKind.RLOCK, LockKind.SIMPLE_QUEUE, LockKind.JOIN))


def confined(tree: Tree) -> frozenset[ThreadId]:
    """Return the threads that could wake only who waits for just them."""
    return frozenset(
        thread_id
        for thread_id, thread in tree.threads.items()
        if _is_harmless(thread) and not (thread.native is not None and thread.native.ends_process)
    )


def who_may_release(
    tree: Tree, waiter: ThreadId
) -> tuple[frozenset[ThreadId], frozenset[ThreadId]]:
    """Return who of its process could release the lock that a thread waits for.

    Args:
        tree: with the thread.
        waiter: of a private futex.

    Returns:
        Threads that could, and those that could not unless they run before: if one of the
        latter has not run, the former alone decide.

    """
    siblings = frozenset(tree.threads_of[waiter.pid]) - {waiter}
    if not _waits_for_python(tree.threads[waiter]):
        return siblings, frozenset()
    harmless = frozenset(t for t in siblings if _is_harmless(tree.threads[t]))
    idle = frozenset(t for t in siblings - harmless if _is_idle(tree.threads[t]))
    return siblings - harmless - idle, idle


def harmless_beside(tree: Tree, waiter: ThreadId) -> dict[ThreadId, str]:
    """Say what the threads are that go on beside a waiter and release no lock."""
    if not _waits_for_python(tree.threads[waiter]):
        return {}
    roles = {
        thread_id: _role_of(thread)
        for thread_id in tree.threads_of[waiter.pid]
        if (thread := tree.threads[thread_id])
    }
    return {thread_id: role for thread_id, role in roles.items() if role is not None}


def _role_of(thread: Thread) -> str | None:
    if thread.native is None:
        loop = loop_of(thread)
        return loop and f"{loop}: it does nothing for the program"
    return thread.native.role and f"{thread.native.role}: it runs no Python"


def _waits_for_python(thread: Thread) -> bool:
    lock = thread.wait.lock
    return thread.native is None and lock is not None and lock.kind in _OF_PYTHON


def _is_harmless(thread: Thread) -> bool:
    if thread.native is not None:
        return thread.native.harmless
    return loop_of(thread) is not None


def _is_idle(thread: Thread) -> bool:
    wait = thread.wait
    if thread.native is None or wait.kind is not WaitKind.LOCK or wait.timed or wait.unknown:
        return False
    return wait.lock is not None and wait.lock.kind is LockKind.UNKNOWN
