"""Who could ever wake a blocked thread: over-estimated wherever it is not sure.

The table is design knowledge about the kernel: each kind of wait has the
parties that can end it. A wait that is not understood counts as one that ends
by itself, so that a mistake here can hide a hang but never invent one.
"""

from collections.abc import Callable

from diag.analysis.completions import Completion, completion_of
from diag.analysis.idioms import Idiom, idiom_of, is_entering_shared_lock
from diag.analysis.natives import who_may_release
from diag.analysis.owners import Owner, OwnerState, likely_to_release, resolve
from diag.analysis.pollers import polling_words, waits_for_work
from diag.analysis.roles import FORK_SERVER, role_of, serves_the_program
from diag.analysis.signals import (
    Signals,
    handler_of,
    signals_for,
    waits_for_own_signals,
    who_ends_parked,
    who_signals,
)
from diag.analysis.tree import Tree
from diag.model.base import Record
from diag.model.channel import Channel, ChannelKind
from diag.model.ids import ThreadId
from diag.model.lock import Lock, LockKind
from diag.model.thread import Polling
from diag.model.wait import ChannelWait, Wait, WaitKind


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
        threads=_siblings(tree, waiter) if polling.condition is not None else frozenset(),
        processes=frozenset(tree.processes) - {waiter.pid},
        outside=signals.outside,
        uncertain=(f"thread {waiter.tid} {words}, as its source reads", *_doubts(signals)),
    )


def _waits_for_gil(wait: Wait) -> bool:
    """Whether it waits for the GIL: such waits time out every 5 ms to no avail."""
    return wait.lock is not None and wait.lock.kind is LockKind.GIL


def _siblings(tree: Tree, waiter: ThreadId) -> frozenset[ThreadId]:
    return frozenset(tree.threads_of[waiter.pid]) - {waiter}


def _of_signal(tree: Tree, waiter: ThreadId, _wait: Wait) -> Wakers:
    if not waits_for_own_signals(tree, waiter):
        return Wakers(outside="a signal")
    family = frozenset(tree.processes[waiter.pid].signallers or ())
    return Wakers(threads=_siblings(tree, waiter), processes=family & tree.processes.keys())


def _of_private_futex(tree: Tree, waiter: ThreadId, wait: Wait) -> Wakers:
    owner = resolve(tree, waiter, wait.lock) if wait.lock is not None else None
    if owner is not None and owner.state not in (OwnerState.UNKNOWN, OwnerState.CANDIDATE):
        threads = frozenset({owner.thread}) if owner.thread is not None else frozenset()
        return Wakers(threads=threads, owner=owner)
    signals = signals_for(tree, waiter)
    completion = completion_of(tree, waiter)
    if completion is not None:
        # Any thread may cancel a Future or set its result: for a proof they all count.
        return Wakers(
            threads=completion.threads,
            suspects=frozenset({waiter.pid}),
            uncertain=tuple(filter(None, signals)),
            completion=completion,
            witnesses=completion.witnesses,
        )
    able, idle = who_may_release(tree, waiter)
    likely = likely_to_release(tree, waiter)
    return Wakers(
        threads=able if likely is None else able & likely,
        suspects=frozenset() if likely is None else frozenset({waiter.pid}),
        processes=_around(tree, waiter),
        outside=signals.outside,
        uncertain=_doubts(signals),
        owner=owner,
        witnesses=idle,
    )


def _around(tree: Tree, waiter: ThreadId) -> frozenset[int]:
    """Return the processes that may end a main thread's wait by a signal.

    The parent of one that is parked may be there to end it; the end of a child comes
    as SIGCHLD, if there is a handler.
    """
    if waiter.tid != waiter.pid:
        return frozenset()
    return who_signals(tree, waiter.pid) | who_ends_parked(tree, waiter)


def _doubts(signals: Signals) -> tuple[str, ...]:
    return (signals.doubt,) if signals.doubt is not None else ()


def _of_shared_futex(tree: Tree, waiter: ThreadId, wait: Wait) -> Wakers:
    lock = wait.lock
    if lock is None or lock.semaphore is None:
        return Wakers(itself="not understood: shared memory that is no multiprocessing lock")
    semaphore = lock.semaphore
    owner = resolve(tree, waiter, lock)
    if semaphore.recursive and owner.state in (OwnerState.THREAD, OwnerState.GONE):
        # SemLock.release() of an RLock refuses every thread but the owner.
        return Wakers(
            threads=frozenset({owner.thread} if owner.thread is not None else ()), owner=owner
        )
    strangers = sorted(frozenset(semaphore.mapped_by) - tree.processes.keys())
    if strangers:
        return Wakers(outside=f"process {strangers[0]}, which maps the lock too", owner=owner)
    if _is_mutex(tree, waiter, lock) and owner.state is not OwnerState.UNKNOWN:
        uncertain = tuple(f"process {pid} could not be read" for pid in semaphore.unread)
        # Any process may release a Lock of another: for a proof they all count, unless the
        # holder will release it at the end of a `with`.
        inside_with = any(holder.inside_with for holder in semaphore.holders)
        return Wakers(
            threads=frozenset({owner.thread} if owner.thread is not None else ()),
            suspects=frozenset() if inside_with else frozenset(semaphore.mapped_by),
            uncertain=uncertain,
            owner=owner,
        )
    signals = signals_for(tree, waiter)
    return Wakers(
        threads=_siblings(tree, waiter),
        processes=frozenset(semaphore.mapped_by) - {waiter.pid} | _around(tree, waiter),
        uncertain=_doubts(signals),
        owner=owner,
        outside=signals.outside,
    )


def _is_mutex(tree: Tree, waiter: ThreadId, lock: Lock) -> bool:
    """Whether a shared semaphore is used as a lock, not to count or to signal."""
    if lock.semaphore is None or lock.semaphore.max_value != 1:
        return False
    stack = tree.threads[waiter].stack
    return idiom_of(stack) is Idiom.LOCK or is_entering_shared_lock(stack)


def _of_channels(tree: Tree, waiter: ThreadId, wait: Wait) -> Wakers:
    parts = [_of_channel(tree, waiter, item) for item in wait.channels]
    if not parts and wait.kind is not WaitKind.POLL:
        return Wakers(itself="not understood: no descriptor")
    if wait.kind is WaitKind.POLL:
        signals = signals_for(tree, waiter)
        parts.append(Wakers(outside=signals.outside, processes=_around(tree, waiter)))
    return _any_of(parts)


def _of_channel(tree: Tree, waiter: ThreadId, item: ChannelWait) -> Wakers:
    channel = tree.channels.get(item.channel)
    if channel is None:
        return Wakers(itself=f"not understood: descriptor {item.fd}")
    if channel.kind is ChannelKind.PIDFD:
        return _exit_of(tree, waiter, frozenset({channel.pid} if channel.pid else ()))
    if _is_private_listener(tree, waiter, channel):
        return Wakers(processes=_who_may_connect(tree, waiter.pid) - {waiter.pid})
    if channel.outside is not None:
        return Wakers(outside=channel.outside)
    ends = channel.writers if item.direction == "read" else channel.readers
    holders = {end.pid for end in ends}
    strangers = [end for end in ends if end.pid not in tree.processes]
    if strangers:
        stranger = min(strangers, key=lambda end: end.pid)
        name = f" ({stranger.name})" if stranger.name else ""
        return Wakers(outside=f"process {stranger.pid}{name} outside the tree ({_label(channel)})")
    if not holders:
        # The kernel would end the wait at once if nobody held the other end.
        return Wakers(outside=f"an unseen holder of the other end of {_label(channel)}")
    uncertain: tuple[str, ...] = (channel.uncertain,) if channel.uncertain else ()
    if waiter.pid in holders and (handler := handler_of(tree, waiter)) is not None:
        uncertain += (f"{handler} might use the other end",)
    threads = _siblings(tree, waiter) if waiter.pid in holders else frozenset()
    return Wakers(threads=threads, processes=frozenset(holders - {waiter.pid}), uncertain=uncertain)


def _is_private_listener(tree: Tree, waiter: ThreadId, channel: Channel) -> bool:
    """Whether it is where a server of multiprocessing's own listens, in a folder of the program's.

    Only processes of the program know the path and the key to it. A `Listener` that the
    program has made, or a manager that it serves itself, may be there for others.
    """
    listens = channel.outside is not None and channel.outside.startswith("new connections")
    return listens and "/pymp-" in (channel.name or "") and serves_the_program(tree, waiter)


def _who_may_connect(tree: Tree, pid: int) -> frozenset[int]:
    """Return the processes that may know where a server of multiprocessing listens.

    Proxies of a manager can be sent to any; a fork server is known to who has started it,
    in a global variable (multiprocessing/forkserver.py), and so to what that one has forked.
    """
    parent = tree.processes[pid].parent_pid
    if role_of(tree, pid) != FORK_SERVER or parent not in tree.processes:
        return frozenset(tree.processes)
    return tree.descendants_of(parent) | {parent}


def _label(channel: Channel) -> str:
    return channel.name or channel.id


def _of_children(tree: Tree, waiter: ThreadId, wait: Wait) -> Wakers:
    children = frozenset(wait.children)
    if wait.any_child:
        children |= frozenset(tree.children_of[waiter.pid])
    if not children:
        return Wakers(itself="not understood: waits for a child that is not there")
    return _exit_of(tree, waiter, children)


def _exit_of(tree: Tree, waiter: ThreadId, children: frozenset[int]) -> Wakers:
    missing = sorted(pid for pid in children if not tree.threads_of.get(pid))
    if missing or not children:
        return Wakers(itself=f"process {missing[0] if missing else '?'} has ended")
    # A thread beside the waiter may end the child with a signal.
    return Wakers(processes=children, threads=_siblings(tree, waiter))


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


def _any_of(parts: list[Wakers]) -> Wakers:
    return Wakers(
        itself=next((part.itself for part in parts if part.itself), None),
        outside=next((part.outside for part in parts if part.outside), None),
        threads=frozenset().union(*(part.threads for part in parts)),
        processes=frozenset().union(*(part.processes for part in parts)),
        uncertain=tuple(reason for part in parts for reason in part.uncertain),
    )


_PARTIES: dict[WaitKind, Callable[[Tree, ThreadId, Wait], Wakers]] = {
    WaitKind.LOCK: _of_private_futex,
    WaitKind.SHARED_LOCK: _of_shared_futex,
    WaitKind.READ: _of_channels,
    WaitKind.WRITE: _of_channels,
    WaitKind.POLL: _of_channels,
    WaitKind.ACCEPT: _of_channels,
    WaitKind.CHILD: _of_children,
    WaitKind.FILE_LOCK: _of_file_lock,
    WaitKind.TRACED: _of_traced,
    WaitKind.SIGNAL: _of_signal,
}
