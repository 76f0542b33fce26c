"""Who could ever run again: the least fixed point over who could wake whom.

A thread is live if it goes on by itself, if somebody outside the tree can wake
it, or if one of its wakers is live. Whoever is not live can never run again.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from diag.analysis.confirm import confirmed
from diag.analysis.idlers import idlers, without
from diag.analysis.natives import confined
from diag.analysis.parties import Wakers
from diag.analysis.pollers import keeps_polling
from diag.analysis.signals import PARKED, handler_of, who_signals
from diag.analysis.tree import Tree
from diag.analysis.wakers import wakers_of
from diag.model.base import Record
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.wait import WaitKind


class Liveness(Record, frozen=True):
    """The judgement of every thread of a tree.

    Attributes:
        wakers: who could wake each thread.
        proven: threads that can never run again, whatever could not be read.
        likely: threads that can never run again if what could not be read
            holds no surprise; `proven` is a part of it.
        inert: threads that can never run again unless somebody sends a signal to a main
            thread that is parked and has no handler; `likely` is a part of it.
        reasons: for a live thread, why.

    """

    wakers: dict[ThreadId, Wakers]
    proven: frozenset[ThreadId]
    likely: frozenset[ThreadId]
    inert: frozenset[ThreadId]
    reasons: dict[ThreadId, str]


def judge(first: Tree, second: Tree) -> Liveness:
    """Judge the threads of `first`, confirmed by `second`, a later look at the same tree."""
    still = confirmed(first, second)
    wakers = {thread_id: wakers_of(first, thread_id) for thread_id in first.threads}
    # A thread that had a CPU all the time has not been switched either.
    running = {t for t, thread in first.threads.items() if thread.wait.kind is WaitKind.RUNNING}
    calm = still - running
    seeds: dict[ThreadId, str] = {}
    for thread_id, parties in wakers.items():
        reason = _live_alone(parties)
        if reason is None and thread_id not in still and not _goes_round(first, second, thread_id):
            reason = "moved between the two looks"
        if reason is None and not parties.witnesses <= calm:
            reason = "who could wake it moved between the two looks"
        if reason is not None:
            seeds[thread_id] = reason
    for newcomer in second.threads.keys() - first.threads.keys():
        seeds[newcomer] = "began between the two looks"
    bystanders = confined(first)
    idle = _left_alone(idlers(first, second, still), wakers, seeds, bystanders)
    wakers = {thread_id: without(idle, first, thread_id, wakers[thread_id]) for thread_id in wakers}
    doubtful = {
        thread_id: f"cannot be ruled out: {parties.uncertain[0]}"
        for thread_id, parties in wakers.items()
        if parties.uncertain
    }
    # A handler runs in a wait that goes on after it: who can act is not yet free.
    handlers = [thread_id for thread_id in wakers if handler_of(first, thread_id) is not None]
    strict = _spread(_suspecting(first, wakers), doubtful | seeds, handlers, bystanders)
    bystanders |= frozenset(t for t in idle if t.tid != t.pid)
    lenient = _spread(wakers, seeds, confined=bystanders)
    parked = {t for t in still | idle.keys() if wakers[t].outside == PARKED}
    without_signals = _spread(
        wakers, {t: seeds[t] for t in seeds if t not in parked}, confined=bystanders
    )
    everyone = frozenset(first.threads)
    return Liveness(
        wakers=wakers,
        proven=everyone - strict.keys(),
        likely=everyone - lenient.keys(),
        inert=everyone - without_signals.keys(),
        reasons={thread_id: strict[thread_id] for thread_id in strict if thread_id in everyone},
    )


def needs_stacks(tree: Tree) -> bool:
    """Whether stacks could show that a thread cannot go on: some waits mean what they say.

    What a lock or a poll is used for, and so whether a signal may be meant to end it,
    only a stack tells.
    """
    told_by_stack = (WaitKind.LOCK, WaitKind.SHARED_LOCK, WaitKind.POLL)
    for thread_id, thread in tree.threads.items():
        parties = wakers_of(tree, thread_id)
        if parties.itself is None and (
            parties.outside is None or thread.wait.kind in told_by_stack
        ):
            return True
    return False


def _live_alone(parties: Wakers) -> str | None:
    if parties.itself is not None:
        return parties.itself
    return f"can be woken from outside: {parties.outside}" if parties.outside else None


def _left_alone(
    idle: dict[ThreadId, str],
    wakers: dict[ThreadId, Wakers],
    seeds: dict[ThreadId, str],
    confined: frozenset[ThreadId],
) -> dict[ThreadId, str]:
    """Return those of the idle whom nobody that can go on could set going."""
    others = {thread_id: seeds[thread_id] for thread_id in seeds if thread_id not in idle}
    reached = _spread(wakers, others, confined=confined)
    return {thread_id: idle[thread_id] for thread_id in idle if thread_id not in reached}


def _goes_round(first: Tree, second: Tree, thread_id: ThreadId) -> bool:
    """Whether a thread has run between the looks, and got nowhere."""
    thread = first.threads[thread_id]
    return _starved(first, second, thread_id) or keeps_polling(
        thread, second.threads.get(thread_id)
    )


def _starved(first: Tree, second: Tree, thread_id: ThreadId) -> bool:
    """Whether the thread waits for a GIL that has not changed hands between the looks.

    Such a thread wakes every 5 ms, looks, and waits again: its counters move.
    """
    lock = first.threads[thread_id].wait.lock
    if lock is None or lock.kind is not LockKind.GIL or thread_id.pid not in second.processes:
        return False
    before, after = first.processes[thread_id.pid].gil, second.processes[thread_id.pid].gil
    return before is not None and before.locked and before == after


def _suspecting(tree: Tree, wakers: dict[ThreadId, Wakers]) -> dict[ThreadId, Wakers]:
    """Return the parties with those that could act in principle among them.

    Those are suspects, and the children whose end a handler in a party is told of.
    """
    return {
        sleeper: msgspec.structs.replace(
            parties, processes=parties.processes | parties.suspects | _signalling(tree, parties)
        )
        for sleeper, parties in wakers.items()
    }


def _signalling(tree: Tree, parties: Wakers) -> frozenset[int]:
    pids = {thread_id.pid for thread_id in parties.threads if thread_id.tid == thread_id.pid}
    known = (pids | parties.processes) & tree.processes.keys()
    return frozenset().union(*(who_signals(tree, pid) for pid in known))


def _spread(
    wakers: dict[ThreadId, Wakers],
    seeds: dict[ThreadId, str],
    actors: Iterable[ThreadId] = (),
    confined: frozenset[ThreadId] = frozenset(),
) -> dict[ThreadId, str]:
    """Return every live thread with the reason.

    Args:
        wakers: who could wake each thread.
        seeds: those that are live by themselves, and why.
        actors: those that can wake others, live or not.
        confined: those that act for no process, only for who waits for just them.

    """
    by_thread: dict[ThreadId, list[ThreadId]] = defaultdict(list)
    by_process: dict[int, list[ThreadId]] = defaultdict(list)
    for sleeper, parties in wakers.items():
        for thread_id in parties.threads:
            by_thread[thread_id].append(sleeper)
        for pid in parties.processes:
            by_process[pid].append(sleeper)
    live = dict(seeds)
    front = [*seeds, *actors]
    while front:
        waker = front.pop()
        whole = () if waker in confined else by_process[waker.pid]
        for sleeper in (*by_thread[waker], *whole):
            if sleeper not in live and sleeper != waker:
                live[sleeper] = f"thread {waker.tid} of {waker.pid} may wake it"
                front.append(sleeper)
    return live
