"""Which blocked threads a signal may legitimately wake.

CPython runs signal handlers in the main thread only (signal module docs), so
only a main thread can be woken to do something by one.
"""

import signal
from typing import NamedTuple

from diag.analysis.event_loops import is_parked
from diag.analysis.idioms import IDLING, PARKING, idiom_of, is_called_by_library
from diag.analysis.roles import works_for_a_pool
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.process import Process
from diag.model.wait import WaitKind

# Caught in nearly every Python process without being a way to be woken: Python's
# own SIGINT, faults (faulthandler), and the two that glibc keeps for itself (nptl: 32, 33);
# SIGCHLD comes from a child, see `who_signals`; SIGWINCH tells the size of a terminal, and
# GNU readline catches it as soon as it is imported (pytest does).
_NOT_A_WAKER = frozenset(
    {
        signal.SIGINT,
        signal.SIGCHLD,
        signal.SIGWINCH,
        signal.SIGSEGV,
        signal.SIGFPE,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGILL,
        32,
        33,
    }
)


PARKED = "parked until a signal"
_PARKED_BESIDE = "it may be parked beside threads that were to end"
_PARKED_CHILD = "it may be parked until a signal ends it"
_UNINTERRUPTIBLE = frozenset({LockKind.BUFFER, LockKind.MUTEX, LockKind.GIL})


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

    A main thread that is parked ends with Ctrl-C or a signal's default action. In
    any other wait it needs a handler that the program installed itself, and only in
    a wait in which programs idle it is likely to be there for that. A child that waits
    for an Event of its own may be parked as well, under a parent that only waits for it
    to be ended; an Event shared with other processes is there for one of them to set.
    """
    if waiter.tid != waiter.pid:
        return Signals()
    parked = tree.processes[waiter.pid].signallers is None and is_parked_main(tree, waiter)
    handler = handler_of(tree, waiter)
    if parked and _is_at_the_top(tree, waiter.pid):
        if handler is None and knows_ended_threads(tree, waiter):
            return Signals(doubt=_PARKED_BESIDE)
        return Signals(outside=handler or PARKED)
    if handler is None:
        waits_inside = tree.threads[waiter].wait.kind is not WaitKind.SHARED_LOCK
        return Signals(doubt=_PARKED_CHILD if parked and waits_inside else None)
    if idles(tree, waiter):
        return Signals(outside=handler)
    return Signals(doubt=f"{handler} might do something about it")


def is_parked_main(tree: Tree, waiter: ThreadId) -> bool:
    """Return whether a main thread waits in a way in which programs stay on purpose.

    That is for an event without a time-out, by its own code (a library waits for
    something that is to come), in an event loop without tasks, or in a loop that only
    sleeps or looks at a flag. A task of a pool is to end, and who shares an event with
    children waits for one of them to set it.
    """
    process = tree.processes[waiter.pid]
    if waiter.tid != waiter.pid or (works_for_a_pool(process) and not _runs_tests(process)):
        return False
    if _shared_with_the_dead(tree, waiter) or _of_an_ended_thread(tree, waiter):
        return False
    thread = tree.threads[waiter]
    if thread.polling is not None and thread.wait.kind is WaitKind.SLEEP:
        return not thread.polling.for_work
    waits_by_itself = idiom_of(thread.stack) in PARKING and not is_called_by_library(thread.stack)
    return waits_by_itself or is_parked(tree, waiter)


def _runs_tests(process: Process) -> bool:
    """Whether it is the uppermost one of a test of pytest: a test may wait for a signal."""
    return process.signallers is not None and process.parent_pid not in process.signallers


def _shared_with_the_dead(tree: Tree, waiter: ThreadId) -> bool:
    """Whether it waits for what nobody else has any more, and has children that have ended."""
    lock = tree.threads[waiter].wait.lock
    semaphore = lock.semaphore if lock is not None else None
    if semaphore is None or semaphore.unread or set(semaphore.mapped_by) != {waiter.pid}:
        return False
    return any(tree.processes[pid].state == "Z" for pid in tree.children_of[waiter.pid])


def _of_an_ended_thread(tree: Tree, waiter: ThreadId) -> bool:
    """Whether the Event that it waits for is an attribute of a thread that has ended."""
    subject = tree.threads[waiter].subject
    return subject is not None and any(thread.has_it for thread in subject.ended)


def knows_ended_threads(tree: Tree, waiter: ThreadId) -> bool:
    """Return whether threads have ended that a main thread knows where it waits for an Event.

    One of them may have failed before it could set the Event. A process with children is
    parked beside them.
    """
    subject = tree.threads[waiter].subject
    alone = all(tree.processes[pid].state == "Z" for pid in tree.children_of[waiter.pid])
    return alone and subject is not None and bool(subject.ended)


def who_ends_parked(tree: Tree, waiter: ThreadId) -> frozenset[int]:
    """Return the processes of the tree that a parked main thread may be there for."""
    if not is_parked_main(tree, waiter):
        return frozenset()
    process = tree.processes[waiter.pid]
    known = (process.parent_pid,) if process.signallers is None else process.signallers
    return frozenset(known) & tree.processes.keys()


def waits_for_own_signals(tree: Tree, waiter: ThreadId) -> bool:
    """Return whether it is in pause(2) that only the processes of its test may end.

    A timer may send the signal for which sigwait(2) waits. Pause needs a handler for that,
    of Python or not, which may run in any thread.
    """
    process = tree.processes[waiter.pid]
    if tree.threads[waiter].wait.syscall != "pause" or process.signallers is None:
        return False
    caught = process.signals_caught
    return caught is not None and not _numbers(caught) - _NOT_A_WAKER


def handler_of(tree: Tree, waiter: ThreadId) -> str | None:
    """Say which handler a signal would run in this thread, None for none.

    Handlers of Python run in the main thread, between two instructions or in a wait
    that a signal can interrupt; the lock of a buffered file, a native mutex and the
    GIL are waited for without.
    """
    if waiter.tid != waiter.pid:
        return None
    lock = tree.threads[waiter].wait.lock
    if lock is not None and lock.kind in _UNINTERRUPTIBLE:
        return None
    process = tree.processes[waiter.pid]
    if process.signals_caught is None:
        return "a signal (which ones it handles could not be read)"
    handled = sorted(_numbers(process.signals_caught) - _NOT_A_WAKER)
    return f"a handler for signal {handled[0]}" if handled else None


def who_signals(tree: Tree, pid: int) -> frozenset[int]:
    """Return the children whose end a handler of the process is told of, by SIGCHLD.

    A shell has such a handler too, only to wait.
    """
    process = tree.processes[pid]
    caught = process.signals_caught
    if process.interpreter is None or caught is None or signal.SIGCHLD not in _numbers(caught):
        return frozenset()
    return frozenset(tree.children_of[pid])


def _numbers(mask: int) -> frozenset[int]:
    return frozenset(number for number in range(1, 65) if mask >> (number - 1) & 1)


def idles(tree: Tree, waiter: ThreadId) -> bool:
    """Return whether the wait is one in which healthy programs stay for hours."""
    thread = tree.threads[waiter]
    if thread.polling is not None and thread.polling.for_result:
        return False
    if thread.wait.kind in (WaitKind.LOCK, WaitKind.SHARED_LOCK):
        lock = thread.wait.lock
        if lock is not None and lock.kind in (LockKind.SIMPLE_QUEUE, LockKind.JOIN):
            return True
        return idiom_of(thread.stack) in IDLING
    return thread.wait.kind is not WaitKind.WRITE


def _is_at_the_top(tree: Tree, pid: int) -> bool:
    """Whether the process is the root, or only programs like a shell are above it."""
    while pid != tree.snapshot.root.pid:
        pid = tree.processes[pid].parent_pid
        parent = tree.processes.get(pid)
        if parent is None or parent.interpreter is not None:
            return False
    return True
