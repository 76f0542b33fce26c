"""Threads that do nothing for anybody: in a loop that only pauses, or parked until a signal comes.

What they would do next is read from the source, or not known at all: they count for a proof, and
do not for a suspicion.
"""

from collections.abc import Mapping

import msgspec

from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.natives import who_may_release
from diag.analysis.owners import OwnerState
from diag.analysis.parties import Wakers
from diag.analysis.pollers import keeps_polling, polling_words, waits_for_work
from diag.analysis.signals import is_parked_main
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.thread import Thread


def idlers(first: Tree, second: Tree, still: frozenset[ThreadId]) -> dict[ThreadId, str]:
    """Return the threads that do nothing for anybody, as far as the source and frames say.

    Those are in a loop that only pauses, or looks at a flag; or a main thread that is parked.

    Returns:
        What each does, in words.

    """
    found = {}
    for thread_id, thread in first.threads.items():
        polling = thread.polling
        if polling is not None and not waits_for_work(thread):
            if keeps_polling(thread, second.threads.get(thread_id)):
                found[thread_id] = polling_words(polling)
        elif thread_id in still and _is_parked(first, thread_id):
            found[thread_id] = "is parked until a signal comes"
    return found


def _is_parked(tree: Tree, thread_id: ThreadId) -> bool:
    thread = tree.threads[thread_id]
    return thread.stack is not None and not thread.wait.timed and is_parked_main(tree, thread_id)


def without(idle: Mapping[ThreadId, str], tree: Tree, waiter: ThreadId, parties: Wakers) -> Wakers:
    """Return who could end a wait without those that do nothing for anybody.

    Unless just they are waited for, as the owner of a lock or as who runs a task. The owner of
    a lock who stays in a loop that has no end does not give it back.
    """
    threads, owner = parties.threads, parties.owner
    if owner is not None and owner.state is OwnerState.CANDIDATE and threads & idle.keys():
        threads, _ = who_may_release(tree, waiter)  # who seems to hold it does not give it back
    found = threads & idle.keys()
    if not _is_orderly(tree, waiter):
        found = frozenset(each for each in found if each.tid != each.pid)
    if owner is not None and owner.state not in (OwnerState.UNKNOWN, OwnerState.CANDIDATE):
        found = frozenset(each for each in found if _never_ends(tree.threads[each]))
    if not found or parties.completion is not None:
        return parties
    return msgspec.structs.replace(
        parties,
        threads=threads - found,
        uncertain=parties.uncertain
        + tuple(f"thread {each.tid} {idle[each]}" for each in sorted(found)),
        idle=found,
    )


# What a main thread that sleeps does not end when a signal comes.
_ORDERLY = frozenset({Idiom.QUEUE_PUT, Idiom.QUEUE_JOIN, Idiom.BARRIER, Idiom.IMPORT})


def _is_orderly(tree: Tree, waiter: ThreadId) -> bool:
    """Whether a wait is no way to wait for the end of the program, or for a signal."""
    thread = tree.threads[waiter]
    idiom = idiom_of(thread.stack)
    return idiom in _ORDERLY or (idiom is Idiom.LOCK and thread.entering)


def _never_ends(thread: Thread) -> bool:
    return thread.polling is not None and thread.polling.condition is None
