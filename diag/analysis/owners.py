"""Who owns the lock that a thread waits for: resolved, or said to be unknown.

A pthread id read from a lock names a thread only if a thread of the same
process has it now. After a fork the ids of the parent's other threads stay
behind in the child's locks although those threads were not copied.
"""

from collections.abc import Iterable
from enum import StrEnum

from diag.analysis.joins import joined_thread
from diag.analysis.tree import Tree
from diag.model.base import Record
from diag.model.ids import ThreadId
from diag.model.lock import Lock, LockKind, Semaphore
from diag.model.process import Process
from diag.model.subject import SubjectKind

_PROCESS = "/multiprocessing/process.py"


class OwnerState(StrEnum):
    """What is known about an owner."""

    THREAD = "thread"  # a thread that exists
    PROBABLE = "probable"  # that thread, or one that has ended and had the same id
    AMBIGUOUS = "ambiguous"  # that thread, or one of the parent's that had the same id
    GONE = "gone"  # recorded, and no such thread exists
    CANDIDATE = "candidate"  # threads that seem to hold it, by their code
    UNKNOWN = "unknown"


class Owner(Record, frozen=True):
    """The owner of a lock.

    Attributes:
        state: how it is known.
        thread: the owner, for THREAD, PROBABLE and AMBIGUOUS; for CANDIDATE if only one
            thread beside the waiter seems to be it.
        ident: the pthread id that the lock records.
        parent: pid of the process that was forked, for a GONE owner.
        parent_thread: the thread of the parent that has that id, if it still exists.
        task: address of the task of asyncio that took it, suspended since: only the
            thread of its loop can let it go on.
        because: why the owner is not known, for UNKNOWN.

    """

    state: OwnerState
    thread: ThreadId | None = None
    ident: int | None = None
    parent: int | None = None
    parent_thread: ThreadId | None = None
    task: int | None = None
    because: str | None = None


def resolve(tree: Tree, waiter: ThreadId, lock: Lock) -> Owner:
    """Return the owner of the lock that the thread `waiter` waits for."""
    process = tree.processes[waiter.pid]
    if lock.semaphore is not None:
        return _holder_of_semaphore(tree, lock.semaphore)
    if lock.owner_tid is not None:
        return _by_tid(tree, process, lock.owner_tid)
    if lock.owner_ended:
        return Owner(state=OwnerState.GONE, because=lock.owner_unknown)
    if lock.owner_ident is None:
        joined = joined_thread(tree, waiter) if lock.kind is LockKind.LOCK else None
        if joined is not None:
            return Owner(state=OwnerState.THREAD, thread=joined)
        if lock.kind is LockKind.LOCK and (holder := _task_that_holds(tree, process, lock)):
            return holder
        subject = tree.threads[waiter].subject
        if subject is not None and subject.kind is SubjectKind.MODULE and subject.owner_ident:
            # A module's lock records its owner as an RLock does (importlib._bootstrap).
            return _by_ident(tree, process, subject.owner_ident, LockKind.RLOCK)
        return _by_candidates(tree, waiter, lock)
    return _by_ident(
        tree,
        process,
        lock.owner_ident,
        lock.kind,
        seen_inside=lock.owner_source is not None,
        reused=lock.owner_reused,
    )


def _by_candidates(tree: Tree, waiter: ThreadId, lock: Lock) -> Owner:
    because = lock.owner_unknown or "not recorded"
    threads = _with_idents(tree, waiter.pid, (one.ident for one in lock.candidates))
    if not threads:
        return Owner(state=OwnerState.UNKNOWN, because=because)
    only = next(iter(threads)) if len(threads) == 1 and waiter not in threads else None
    return Owner(state=OwnerState.CANDIDATE, thread=only, because=because)


def _task_that_holds(tree: Tree, process: Process, lock: Lock) -> Owner | None:
    """Return the thread of the loop whose suspended task is inside a `with` on a lock."""
    tasks = [task for task in process.tasks if lock.address in task.holds and not task.running]
    if len(tasks) != 1:
        return None
    for thread_id in tree.threads_of[process.pid]:
        loop = tree.threads[thread_id].loop
        if loop is not None and loop.address == tasks[0].loop:
            return Owner(state=OwnerState.THREAD, thread=thread_id, task=tasks[0].address)
    return None


def _by_tid(tree: Tree, process: Process, tid: int) -> Owner:
    owner = ThreadId(process.pid, tid)
    if owner in tree.threads:
        return Owner(state=OwnerState.THREAD, thread=owner)
    return Owner(state=OwnerState.GONE, because=f"thread {tid} does not exist")


def _by_ident(
    tree: Tree,
    process: Process,
    ident: int,
    kind: LockKind,
    *,
    seen_inside: bool = False,
    reused: bool | None = None,
) -> Owner:
    thread = tree.thread_with_ident(process.pid, ident)
    recorded = kind in (LockKind.RLOCK, LockKind.BUFFER)
    if thread is None:
        return _gone(tree, process, ident) if recorded else _ended(ident)
    # In a fork child only its main thread existed at the fork. glibc gives the
    # stacks, and thereby the ids, of the threads that were not copied to new ones.
    state = OwnerState.THREAD
    if recorded and not seen_inside and reused is not False:
        if process.forked_without_exec and thread.tid != process.pid:
            state = OwnerState.AMBIGUOUS
        elif reused:
            state = OwnerState.PROBABLE
    return Owner(state=state, thread=thread, ident=ident)


def _ended(ident: int) -> Owner:
    because = "the thread that it names has ended"
    return Owner(state=OwnerState.UNKNOWN, ident=ident, because=because)


def _gone(tree: Tree, process: Process, ident: int) -> Owner:
    if _nameless(process):
        return Owner(
            state=OwnerState.UNKNOWN,
            ident=ident,
            because="the ids of this process's threads could not all be read",
        )
    ancestor = tree.forked_from(process)
    while ancestor is not None:
        for thread in ancestor.threads:
            if thread.ident == ident:
                return Owner(
                    state=OwnerState.GONE,
                    ident=ident,
                    parent=ancestor.pid,
                    parent_thread=ThreadId(ancestor.pid, thread.tid),
                )
        ancestor = tree.forked_from(ancestor)
    parent = process.parent_pid if process.forked_without_exec else None
    return Owner(state=OwnerState.GONE, ident=ident, parent=parent)


def _nameless(process: Process) -> bool:
    """Whether a Python thread of the process may exist whose id is not known."""
    interpreter = process.interpreter
    if interpreter is None or interpreter.memory is not None:
        return True
    return any(thread.stack is not None and thread.ident is None for thread in process.threads)


def _holder_of_semaphore(tree: Tree, semaphore: Semaphore) -> Owner:
    holders = semaphore.holders
    if semaphore.max_value != 1 and semaphore.unread:
        because = "a semaphore that is not released by who takes it names no holder"
        return Owner(state=OwnerState.UNKNOWN, because=because)
    if not holders:
        return _nobody_holds(tree, semaphore)
    if len(holders) > 1:
        pids = ", ".join(str(holder.pid) for holder in holders)
        return Owner(
            state=OwnerState.UNKNOWN,
            because=f"processes {pids} all count it as theirs, as after a plain os.fork()",
        )
    holder = holders[0]
    if holder.pid not in tree.processes:
        return Owner(state=OwnerState.UNKNOWN, because=f"held by {holder.pid}, outside the tree")
    if _counts_may_be_copies(tree, tree.processes[holder.pid]):
        because = f"process {holder.pid} counts it as its own, but a plain os.fork() copies that"
        return Owner(state=OwnerState.UNKNOWN, because=because)
    thread = tree.thread_with_ident(holder.pid, holder.ident)
    if thread is None:
        return Owner(
            state=OwnerState.UNKNOWN,
            ident=holder.ident,
            because=f"process {holder.pid} holds it, but the thread that took it has ended",
        )
    return Owner(state=OwnerState.THREAD, thread=thread, ident=holder.ident)


def _counts_may_be_copies(tree: Tree, process: Process) -> bool:
    """Whether a process has its parent's counts of semaphores, the child of a plain os.fork().

    Whom multiprocessing forks sets them to 0 (`SemLock._after_fork`), and is known by
    a frame of its own at the bottom of its stack, above those that it has copied.
    """
    if not process.forked_without_exec:
        return False
    parent = tree.processes.get(process.parent_pid)
    return _starts(process) <= (_starts(parent) if parent is not None else 0)


def _starts(process: Process) -> int:
    """Return how many processes of multiprocessing begin in the deepest of its stacks."""
    return max(
        (
            sum(frame.bare_name == "_bootstrap" and frame.file.endswith(_PROCESS) for frame in each)
            for each in (thread.stack.frames for thread in process.threads if thread.stack)
        ),
        default=0,
    )


def _nobody_holds(tree: Tree, semaphore: Semaphore) -> Owner:
    """A taken lock that none of its sharers holds went down with its holder."""
    all_known = not semaphore.unread and frozenset(semaphore.mapped_by) <= tree.processes.keys()
    if semaphore.max_value == 1 and semaphore.value == 0 and all_known:
        return Owner(state=OwnerState.GONE, because="no living process holds it")
    return Owner(state=OwnerState.UNKNOWN, because="no process of the tree holds it")


def likely_to_release(tree: Tree, waiter: ThreadId) -> frozenset[ThreadId] | None:
    """Return who is likely to release the lock that a thread waits for, None for anybody.

    Those are the threads that seem to hold it, and those whose frames name it and
    `release`. A thread that seems to hold it itself may have taken it to be woken by
    another one that releases it: then anybody may.
    """
    lock = tree.threads[waiter].wait.lock
    if lock is None or not lock.candidates:
        return None
    holders = _with_idents(tree, waiter.pid, (one.ident for one in lock.candidates))
    if not holders or waiter in holders:
        return None
    return holders | _with_idents(tree, waiter.pid, lock.others)


def _with_idents(tree: Tree, pid: int, idents: Iterable[int]) -> frozenset[ThreadId]:
    found = (tree.thread_with_ident(pid, ident) for ident in idents)
    return frozenset(thread_id for thread_id in found if thread_id is not None)
