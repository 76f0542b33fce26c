"""Threads that do nothing for the program: who of them could release a lock of Python.

Threads in the idle loop of a library that is known do not.
Others run no Python.

To do that such a thread has to enter the interpreter. One that is harmless never does.
One that sleeps in a native wait without a time-out may, but another thread of the
process has to wake it first: as long as it does not run it adds nothing to the others.
"""

from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.thread import Thread

_OF_PYTHON = frozenset((LockKind.LOCK, LockKind.RLOCK, LockKind.SIMPLE_QUEUE, LockKind.JOIN))


def confined(tree: Tree) -> frozenset[ThreadId]:
    """Return the threads that could wake only who waits for just them."""
    return frozenset(
        thread_id
        for bystanders in tree.bystanders_of.values()
        for thread_id in bystanders.harmless
        if (native := tree.threads[thread_id].native) is None or not native.ends_process
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
    harmless, idle, _ = tree.bystanders_of[waiter.pid]
    return siblings - harmless - idle, idle - {waiter}


def harmless_beside(tree: Tree, waiter: ThreadId) -> dict[ThreadId, str]:
    """Say what the threads are that go on beside a waiter and release no lock."""
    waits = _waits_for_python(tree.threads[waiter])
    return tree.bystanders_of[waiter.pid].roles if waits else {}


def _waits_for_python(thread: Thread) -> bool:
    lock = thread.wait.lock
    return thread.native is None and lock is not None and lock.kind in _OF_PYTHON
