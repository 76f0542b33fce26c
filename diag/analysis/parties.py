"""The parties that could end a wait, and those that are the same in several kinds of wait."""

from diag.analysis.completions import Completion
from diag.analysis.owners import Owner
from diag.analysis.signals import Signals, who_ends_parked, who_signals
from diag.analysis.tree import Tree
from diag.model.base import Record
from diag.model.ids import ThreadId


class Wakers(Record, frozen=True):
    """The parties that could end a wait.

    Attributes:
        itself: why the thread goes on by itself, None if it does not.
        outside: who outside the tree can wake it, in words; None for nobody.
        threads: single threads of the tree.
        processes: pids, any live thread of which can.
        uncertain: parties that cannot be ruled out because something could not
            be read: they count for a proof and not for a suspicion.
        suspects: pids that could in principle, though nothing says they will;
            they count likewise.
        idle: threads that could in principle, and do nothing for anybody.
        owner: the owner of the lock waited for, None if it is no lock.
        completion: who completes the task waited for, None if it is no task, or
            if anybody may.
        witnesses: threads that must not run between the two looks, or else the
            thread counts as live.

    """

    itself: str | None = None
    outside: str | None = None
    threads: frozenset[ThreadId] = frozenset()
    processes: frozenset[int] = frozenset()
    uncertain: tuple[str, ...] = ()
    suspects: frozenset[int] = frozenset()
    idle: frozenset[ThreadId] = frozenset()
    owner: Owner | None = None
    completion: Completion | None = None
    witnesses: frozenset[ThreadId] = frozenset()


def siblings(tree: Tree, waiter: ThreadId) -> frozenset[ThreadId]:
    """Return the other threads of the same process."""
    return frozenset(tree.threads_of[waiter.pid]) - {waiter}


def around(tree: Tree, waiter: ThreadId) -> frozenset[int]:
    """Return the processes that may end a main thread's wait by a signal.

    The parent of one that is parked may be there to end it; the end of a child comes
    as SIGCHLD, if there is a handler.
    """
    if waiter.tid != waiter.pid:
        return frozenset()
    return who_signals(tree, waiter.pid) | who_ends_parked(tree, waiter)


def doubts(signals: Signals) -> tuple[str, ...]:
    """Return the signal that a thread does not wait for but that could act, in words."""
    return (signals.doubt,) if signals.doubt is not None else ()


def exit_of(tree: Tree, waiter: ThreadId, children: frozenset[int]) -> Wakers:
    """Return who could end a wait for the exit of processes: these themselves."""
    missing = sorted(pid for pid in children if not tree.threads_of.get(pid))
    if missing or not children:
        return Wakers(itself=f"process {missing[0] if missing else '?'} has ended")
    # A thread beside the waiter may end the child with a signal.
    return Wakers(processes=children, threads=siblings(tree, waiter))


def any_of(parts: list[Wakers]) -> Wakers:
    """Return who could end a wait that ends when any of several does."""
    return Wakers(
        itself=next((part.itself for part in parts if part.itself), None),
        outside=next((part.outside for part in parts if part.outside), None),
        threads=frozenset().union(*(part.threads for part in parts)),
        processes=frozenset().union(*(part.processes for part in parts)),
        uncertain=tuple(reason for part in parts for reason in part.uncertain),
    )
