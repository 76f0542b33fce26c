"""Which blocked threads a signal may legitimately wake.

CPython runs signal handlers in the main thread only (signal module docs), so
only a main thread can be woken to do something by one.
"""

import signal

from diag.analysis.idioms import PARKING, idiom_of
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId

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


def wakes_on_signal(tree: Tree, waiter: ThreadId) -> str | None:
    """Say which signal may end the wait of this thread, None if none is meant to.

    The main thread of the root that waits for an event with no time-out is taken
    for parked on purpose: such a program is ended from outside, by Ctrl-C or a
    signal's default action. Any other wait is not meant to be ended like that:
    it needs a handler that the program installed itself.
    """
    if waiter.tid != waiter.pid:
        return None
    if waiter.pid == tree.snapshot.root.pid and idiom_of(tree.threads[waiter].stack) in PARKING:
        return "parked until a signal"
    caught = tree.processes[waiter.pid].signals_caught
    if caught is None:
        return "a signal: which ones it handles could not be read"
    numbers = {number for number in range(1, 65) if caught >> (number - 1) & 1}
    handled = sorted(numbers - _NOT_A_WAKER)
    return f"a handler for signal {handled[0]}" if handled else None
