"""Which blocked threads a signal may legitimately wake.

CPython runs signal handlers in the main thread only (signal module docs), so
only a main thread can be woken to do something by one.
"""

import signal
from typing import NamedTuple

from diag.analysis.event_loops import is_parked
from diag.analysis.idioms import PARKING, Idiom, idiom_of
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.wait import WaitKind

# Caught in nearly every Python process without being a way to be woken: Python's
# own SIGINT, faults (faulthandler), and the two that glibc keeps for itself (nptl: 32, 33).
_NOT_A_WAKER = frozenset(
    {
        signal.SIGINT,
        signal.SIGSEGV,
        signal.SIGFPE,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGILL,
        32,
        33,
    }
)


class Signals(NamedTuple):
    """What signals may do for a blocked thread.

    Attributes:
        outside: the signal it may well be waiting for, in words; None for none.
        doubt: a signal that it does not wait for, but whose handler could still
            do something about the wait; None for none.

    """

    outside: str | None = None
    doubt: str | None = None


def signals_for(tree: Tree, waiter: ThreadId) -> Signals:
    """Say what signals may do for a thread in a wait that anybody could end.

    The main thread of the root that waits for an event with no time-out, or runs an
    event loop without tasks, is taken for parked on purpose: such a program is ended
    from outside, by Ctrl-C or a signal's default action. Any other wait is not meant
    to be ended like that: it needs a handler that the program installed itself.
    Nobody waits for a signal by taking a lock.
    """
    if waiter.tid != waiter.pid:
        return Signals()
    idiom = idiom_of(tree.threads[waiter].stack)
    parks = idiom in PARKING or is_parked(tree, waiter)
    if waiter.pid == tree.snapshot.root.pid and parks:
        return Signals(outside="parked until a signal")
    caught = tree.processes[waiter.pid].signals_caught
    if caught is None:
        return Signals(outside="a signal: which ones it handles could not be read")
    numbers = {number for number in range(1, 65) if caught >> (number - 1) & 1}
    handled = sorted(numbers - _NOT_A_WAKER)
    if not handled:
        return Signals()
    if idiom is Idiom.LOCK and tree.threads[waiter].wait.kind is not WaitKind.POLL:
        return Signals(doubt=f"the handler for signal {handled[0]} might release the lock")
    return Signals(outside=f"a handler for signal {handled[0]}")
