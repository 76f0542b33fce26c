"""Why threads can never run again: one cause for each sink of the wait-for graph."""

from enum import StrEnum

from diag.analysis.awaiting import blames_tasks, unresolved
from diag.analysis.completions import TaskState
from diag.analysis.frames import is_library, user_frame
from diag.analysis.graph import Graph, sinks, wait_for_graph, waiters_of, waiting_for
from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.liveness import Liveness
from diag.analysis.owners import OwnerState
from diag.analysis.parties import Wakers
from diag.analysis.roles import is_helper, is_idle_worker, machinery_role
from diag.analysis.signals import idles, knows_ended_threads
from diag.analysis.starvation import gil_holder, wants_gil
from diag.analysis.tree import Tree
from diag.model.base import Record
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.origin import is_installed
from diag.model.wait import WaitKind


class CauseKind(StrEnum):
    """What a sink of the graph is."""

    ORPHANED_LOCK = "orphaned-lock"
    DEAD_HOLDER = "dead-holder"
    SELF_DEADLOCK = "self-deadlock"
    LOCK_CYCLE = "lock-cycle"
    PIPE_CHILD_CYCLE = "pipe-child-cycle"
    POOL_SATURATED = "pool-saturated"
    LOST_TASK = "lost-task"
    GIL_HELD = "gil-held"
    UNRESOLVED_AWAITABLE = "unresolved-awaitable"
    NOBODY_CAN_ACT = "nobody-can-act"


class Cause(Record, frozen=True):
    """A set of threads that keep themselves and others from ever running again.

    Attributes:
        kind: what it is.
        threads: the members, the most telling first.
        victims: threads that wait for them, directly or not, nearest first.
        proven: False if something that could not be read might still end it, or
            if an owner that makes it what it is may be another.

    """

    kind: CauseKind
    threads: tuple[ThreadId, ...]
    victims: tuple[ThreadId, ...]
    proven: bool


def find_causes(tree: Tree, liveness: Liveness) -> tuple[Cause, ...]:
    """Return the causes for everything that can never run again in the tree."""
    graph = wait_for_graph(liveness, liveness.likely)
    waiters = waiters_of(graph)
    keepers = _keepers_of_gils(tree, liveness)
    causes = []
    for sink in sinks(graph):
        kind = _kind_of(tree, liveness, graph, sink, keepers)
        idle = kind is not CauseKind.LOCK_CYCLE and all(_may_idle(tree, each) for each in sink)
        if idle and not sink <= liveness.proven:
            continue  # without a proof, those who wait as idle programs do are idle
        causes.append(
            Cause(
                kind=kind,
                threads=tuple(sorted(sink, key=lambda member: _telling(tree, member))),
                victims=tuple(
                    victim
                    for victim in waiting_for(waiters, sink)
                    if tree.threads[victim].native is None
                ),
                proven=sink <= liveness.proven and not _is_a_guess(tree, liveness, kind, sink),
            )
        )
    return tuple(causes)


def _may_idle(tree: Tree, member: ThreadId) -> bool:
    """Whether it waits as idle programs do, and started nobody who has left it waiting."""
    return idles(tree, member) and not knows_ended_threads(tree, member)


def _kind_of(
    tree: Tree,
    liveness: Liveness,
    graph: Graph,
    sink: frozenset[ThreadId],
    keepers: frozenset[ThreadId],
) -> CauseKind:
    if _waits_in(liveness, sink, TaskState.QUEUED):
        return CauseKind.POOL_SATURATED
    if any(_waits_in(liveness, sink, state) for state in (TaskState.LOST, TaskState.UNTAKEN)):
        return CauseKind.LOST_TASK
    if sink & keepers:
        return CauseKind.GIL_HELD
    if blames_tasks(tree, sink):
        return CauseKind.UNRESOLVED_AWAITABLE
    if len(sink) == 1:
        (member,) = sink
        return _kind_of_one(
            tree, liveness.wakers[member], member, waits_for_itself=member in graph[member]
        )
    if all(_waits_for_owner(tree, liveness.wakers[member], member) for member in sink):
        return CauseKind.LOCK_CYCLE
    kinds = {tree.threads[member].wait.kind for member in sink}
    across = len({member.pid for member in sink}) > 1
    if across and WaitKind.WRITE in kinds and not _bars_a_reader(tree, liveness, sink):
        return CauseKind.PIPE_CHILD_CYCLE
    return CauseKind.NOBODY_CAN_ACT


def _keepers_of_gils(tree: Tree, liveness: Liveness) -> frozenset[ThreadId]:
    """Return who holds a GIL for which a thread that can never run again waits."""
    starving = {
        thread_id.pid for thread_id in liveness.likely if wants_gil(tree.threads[thread_id])
    }
    holders = (gil_holder(tree, pid) for pid in starving)
    return frozenset(holder for holder in holders if holder is not None)


def _kind_of_one(
    tree: Tree, wakers: Wakers, member: ThreadId, *, waits_for_itself: bool
) -> CauseKind:
    wait = tree.threads[member].wait
    owner = wakers.owner
    if owner is not None and owner.state is OwnerState.GONE:
        shared = wait.kind is WaitKind.SHARED_LOCK
        return CauseKind.DEAD_HOLDER if shared else CauseKind.ORPHANED_LOCK
    if owner is not None and owner.thread == member:
        return CauseKind.SELF_DEADLOCK
    if wakers.idle and not _took_it_itself(tree, member):
        return CauseKind.NOBODY_CAN_ACT
    if wait.kind is WaitKind.LOCK and not waits_for_itself and _takes_a_lock(tree, member):
        captured = _was_captured(tree, member) or _may_be_captured(tree, member)
        return CauseKind.ORPHANED_LOCK if captured else CauseKind.SELF_DEADLOCK
    return CauseKind.NOBODY_CAN_ACT


def _took_it_itself(tree: Tree, member: ThreadId) -> bool:
    """Whether the code of the thread, and of no other, took the lock that it waits for."""
    thread = tree.threads[member]
    candidates = thread.wait.lock.candidates if thread.wait.lock is not None else ()
    return bool(candidates) and all(one.ident == thread.ident for one in candidates)


def _waits_in(liveness: Liveness, sink: frozenset[ThreadId], state: TaskState) -> bool:
    """Whether every member waits for tasks that are all in one state."""
    completions = [liveness.wakers[member].completion for member in sink]
    return all(found is not None and found.state is state for found in completions)


def _bars_a_reader(tree: Tree, liveness: Liveness, sink: frozenset[ThreadId]) -> bool:
    """Whether a writer owns a lock that a thread beside it waits for.

    Then its reader may be that thread, as in a pool with a full wake-up pipe
    (cpython#105829), and the child only has the pipe because it was forked.
    """
    writers = {member for member in sink if tree.threads[member].wait.kind is WaitKind.WRITE}
    owners = {
        (member.pid, liveness.wakers[member].owner)
        for member in sink
        if _takes_a_lock(tree, member)  # who joins a writer does not read
    }
    return any(
        owner is not None and owner.thread in writers and owner.thread.pid == pid
        for pid, owner in owners
    )


_KNOWN = (OwnerState.THREAD, OwnerState.PROBABLE, OwnerState.CANDIDATE)


def _waits_for_owner(tree: Tree, wakers: Wakers, member: ThreadId) -> bool:
    """Whether it waits for a lock whose owner the kernel names, or is known well enough."""
    if tree.threads[member].wait.kind is WaitKind.FILE_LOCK:
        return True
    owner = wakers.owner
    if owner is None or owner.thread is None or owner.state not in _KNOWN:
        return False
    return owner.state is not OwnerState.CANDIDATE or wakers.threads == {owner.thread}


def _is_a_guess(tree: Tree, liveness: Liveness, kind: CauseKind, sink: frozenset[ThreadId]) -> bool:
    """Whether nobody of a sink can run, but what makes it the kind it is may be another thing."""
    if kind is CauseKind.LOCK_CYCLE:
        owners = (liveness.wakers[member].owner for member in sink)
        return any(owner is not None and owner.state is OwnerState.PROBABLE for owner in owners)
    if kind is CauseKind.ORPHANED_LOCK:
        return any(
            not _has_ended(liveness.wakers[member]) and not _was_captured(tree, member)
            for member in sink
        )
    return False


def _has_ended(wakers: Wakers) -> bool:
    return wakers.owner is not None and wakers.owner.state is OwnerState.GONE


def _takes_a_lock(tree: Tree, member: ThreadId) -> bool:
    """Whether the thread waits for a lock as such, not for an event or an item."""
    thread = tree.threads[member]
    lock = thread.wait.lock
    plain = lock is not None and lock.kind is LockKind.LOCK
    return plain and idiom_of(thread.stack) in (Idiom.LOCK, Idiom.IMPORT)


def _was_captured(tree: Tree, member: ThreadId) -> bool:
    """Whether a fork copied the plain lock of a thread while it was locked.

    A sign is that the parent's copy is locked too. Where it is free by now, the library
    is believed: it takes its locks by `with`, and no frame of the child is inside one.
    """
    thread = tree.threads[member]
    if not tree.processes[member.pid].forked_without_exec or thread.wait.lock is None:
        return False
    copy = thread.wait.lock.parent_copy
    if copy is not None and copy.locked is not False:
        return copy.locked is True
    return thread.stack is not None and is_library(thread.stack.frames[0])


def _may_be_captured(tree: Tree, member: ThreadId) -> bool:
    """Whether a lock that was captured, or was taken in the child and never given back, waits.

    The parent's copy is free by now, and nothing that the child executes has taken it.
    """
    lock = tree.threads[member].wait.lock
    if lock is None or not tree.processes[member.pid].forked_without_exec:
        return False
    copy = lock.parent_copy
    return copy is not None and copy.locked is False and not lock.candidates


# Who waits for the end of others is seldom where the trouble began.
_LOCK_WAITS = (WaitKind.LOCK, WaitKind.SHARED_LOCK, WaitKind.FILE_LOCK)
_FOLLOWERS = frozenset({Idiom.JOIN, Idiom.CHILD})


def _telling(tree: Tree, member: ThreadId) -> tuple[int, bool, ThreadId]:
    """Sort key: threads that run the user's code before pool machinery and idle ones."""
    is_top = member.pid == member.tid == tree.snapshot.root.pid
    return _rank(tree, member), is_top, member


def _rank(tree: Tree, member: ThreadId) -> int:
    if is_helper(tree.processes[member.pid]):
        return 5
    if unresolved(tree, member) is not None:
        return 2
    thread = tree.threads[member]
    frame = user_frame(thread.stack)
    if frame is None or is_library(frame) or is_idle_worker(tree, member):
        return 4
    if is_installed(frame) and machinery_role(thread.stack) is not None:
        return 4
    idiom = idiom_of(thread.stack)
    if idiom in _FOLLOWERS or thread.wait.kind is WaitKind.CHILD:
        return 3
    if idiom is Idiom.QUEUE_GET:
        return 2
    if wants_gil(thread):
        return 3
    return 0 if thread.wait.kind in _LOCK_WAITS else 1
