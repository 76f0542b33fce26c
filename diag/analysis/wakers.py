"""Who could ever wake a blocked thread: over-estimated wherever it is not sure.

The table is design knowledge about the kernel: each kind of wait has the
parties that can end it. A wait that is not understood counts as one that ends
by itself, so that a mistake here can hide a hang but never invent one.
"""

from collections.abc import Callable

from diag.analysis.channel_wakers import of_channels
from diag.analysis.lock_wakers import of_private_futex, of_shared_futex
from diag.analysis.parties import Wakers, doubts, exit_of, siblings
from diag.analysis.pollers import polling_words, waits_for_work
from diag.analysis.signals import signals_for, waits_for_own_signals
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.thread import Polling
from diag.model.wait import Wait, WaitKind

_BY_ITSELF = {
    WaitKind.RUNNING: "running",
    WaitKind.DISK: "in a disk wait",
    WaitKind.SLEEP: "sleeps until a deadline",
}
_FROM_OUTSIDE = {
    WaitKind.STOPPED: "whoever continues the stopped process",
    WaitKind.FROZEN: "whoever thaws its control group",
    WaitKind.CONNECT: "the other end of the connection",
    WaitKind.OPEN: "whoever opens the other end of the FIFO",
}


def wakers_of(tree: Tree, waiter: ThreadId) -> Wakers:
    """Return the parties that could end the wait of a thread of the tree."""
    wait = tree.threads[waiter].wait
    if wait.unknown is not None:
        return Wakers(itself=f"not understood: {wait.unknown}")
    if (polling := tree.threads[waiter].polling) is not None:
        return _of_polling(tree, waiter, polling)
    return _told_by_kind(wait) or _PARTIES[wait.kind](tree, waiter, wait)


def _told_by_kind(wait: Wait) -> Wakers | None:
    """Return what the kind of wait tells alone, None if parties of the tree could end it."""
    if wait.kind in _BY_ITSELF:
        return Wakers(itself=_BY_ITSELF[wait.kind])
    if wait.kind in _FROM_OUTSIDE:
        return Wakers(outside=_FROM_OUTSIDE[wait.kind])
    if wait.timed and not _waits_for_gil(wait):
        return Wakers(itself="the wait has a time-out")
    return None if wait.kind in _PARTIES else Wakers(itself=f"not understood: {wait.kind.value}")


def _of_polling(tree: Tree, waiter: ThreadId, polling: Polling) -> Wakers:
    """Return who could end a loop that only looks around: whoever could change what it looks at."""
    words = polling_words(polling)
    signals = signals_for(tree, waiter)
    return Wakers(
        itself=None if waits_for_work(tree.threads[waiter]) else words,
        threads=siblings(tree, waiter) if polling.condition is not None else frozenset(),
        processes=frozenset(tree.processes) - {waiter.pid},
        outside=signals.outside,
        uncertain=(f"thread {waiter.tid} {words}, as its source reads", *doubts(signals)),
    )


def _waits_for_gil(wait: Wait) -> bool:
    """Whether it waits for the GIL: such waits time out every 5 ms to no avail."""
    return wait.lock is not None and wait.lock.kind is LockKind.GIL


def _of_signal(tree: Tree, waiter: ThreadId, _wait: Wait) -> Wakers:
    if not waits_for_own_signals(tree, waiter):
        return Wakers(outside="a signal")
    family = frozenset(tree.processes[waiter.pid].signallers or ())
    return Wakers(threads=siblings(tree, waiter), processes=family & tree.processes.keys())


def _of_children(tree: Tree, waiter: ThreadId, wait: Wait) -> Wakers:
    children = frozenset(wait.children)
    if wait.any_child:
        children |= frozenset(tree.children_of[waiter.pid])
    if not children:
        return Wakers(itself="not understood: waits for a child that is not there")
    return exit_of(tree, waiter, children)


def _of_file_lock(tree: Tree, _waiter: ThreadId, wait: Wait) -> Wakers:
    if not wait.holders:
        return Wakers(itself="not understood: nobody is known to hold the file lock")
    strangers = sorted(set(wait.holders) - tree.processes.keys())
    if strangers:
        return Wakers(outside=f"process {strangers[0]}, outside the tree, holds the file lock")
    return Wakers(processes=frozenset(wait.holders))


def _of_traced(tree: Tree, waiter: ThreadId, _wait: Wait) -> Wakers:
    """Let the tracer alone wake it, if it is of the tree and does not wait for its tracees.

    One that does, as strace, may have left it in a stop that SIGCONT ends (PTRACE_LISTEN).
    """
    tracer = tree.processes[waiter.pid].traced_by
    waits = [tree.threads[thread_id].wait.kind for thread_id in tree.threads_of.get(tracer, ())]
    if not waits or WaitKind.CHILD in waits:
        return Wakers(outside="its tracer")
    return Wakers(processes=frozenset({tracer}))


_PARTIES: dict[WaitKind, Callable[[Tree, ThreadId, Wait], Wakers]] = {
    WaitKind.LOCK: of_private_futex,
    WaitKind.SHARED_LOCK: of_shared_futex,
    WaitKind.READ: of_channels,
    WaitKind.WRITE: of_channels,
    WaitKind.POLL: of_channels,
    WaitKind.ACCEPT: of_channels,
    WaitKind.CHILD: _of_children,
    WaitKind.FILE_LOCK: _of_file_lock,
    WaitKind.TRACED: _of_traced,
    WaitKind.SIGNAL: _of_signal,
}
