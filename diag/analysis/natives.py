"""Threads that run no Python: who of them could release a lock of Python.

To do that such a thread has to enter the interpreter. One that is harmless never does.
One that sleeps in a native wait without a time-out may, but another thread of the
process has to wake it first: as long as it does not run it adds nothing to the others.
"""

from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.thread import Thread
from diag.model.wait import WaitKind

_OF_PYTHON = frozenset((LockKind.LOCK, LockKind.RLOCK, LockKind.SIMPLE_QUEUE, LockKind.JOIN))


def confined_natives(tree: Tree) -> frozenset[ThreadId]:
    """Return the threads that could wake only who waits for just them, in native code."""
    return frozenset(
        thread_id
        for thread_id, thread in tree.threads.items()
        if thread.native is not None and thread.native.harmless and not thread.native.ends_process
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
    """Return what the threads are, by role, that go on beside a waiter and release no lock."""
    if not _waits_for_python(tree.threads[waiter]):
        return {}
    return {
        thread_id: native.role
        for thread_id in tree.threads_of[waiter.pid]
        if (native := tree.threads[thread_id].native) is not None and native.role is not None
    }


def _waits_for_python(thread: Thread) -> bool:
    lock = thread.wait.lock
    return thread.native is None and lock is not None and lock.kind in _OF_PYTHON


def _is_harmless(thread: Thread) -> bool:
    return thread.native is not None and thread.native.harmless


def _is_idle(thread: Thread) -> bool:
    wait = thread.wait
    if thread.native is None or wait.kind is not WaitKind.LOCK or wait.timed or wait.unknown:
        return False
    return wait.lock is not None and wait.lock.kind is LockKind.UNKNOWN
