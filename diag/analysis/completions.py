"""Who completes a task that a thread waits for: the worker that runs it, or one that will.

A Future is completed by the pool that it came from, though any thread may cancel
it or set its result: what is found here narrows a suspicion, never a proof.
"""

from enum import StrEnum

from diag.analysis.losses import (
    manager_has_ended,
    nobody_takes_results,
    threads_of_the_program,
    witnesses_of_loss,
)
from diag.analysis.tree import Tree
from diag.model.base import Record
from diag.model.ids import ThreadId
from diag.model.pool import Pool, PoolKind, Worker
from diag.model.process import Process
from diag.model.subject import Task

_IN_THREADS = (PoolKind.THREADS, PoolKind.MULTIPROCESSING_THREADS)


class TaskState(StrEnum):
    """Where a task is."""

    RUNNING = "running"
    QUEUED = "queued"  # and no worker is free
    LOST = "lost"  # its pool waits for it, and no worker has it
    UNTAKEN = "untaken"  # the thread that takes its pool's results has ended


class Completion(Record, frozen=True):
    """Who could complete what a thread waits for.

    Attributes:
        state: where the task is; of several the first in the order above.
        pools: the pools that it is in.
        threads: who has it, or will: none for LOST and UNTAKEN, but for UNTAKEN in
            no pool that was found those that run the program's code.
        witnesses: threads that must not have run between the two looks for this
            to be true.

    """

    state: TaskState
    pools: tuple[Pool, ...]
    threads: frozenset[ThreadId]
    witnesses: frozenset[ThreadId] = frozenset()


def completion_of(tree: Tree, waiter: ThreadId) -> Completion | None:
    """Return who completes the tasks that a thread waits for.

    None if it waits for no task, or if it cannot be told of each of them: then
    anybody may.
    """
    subject = tree.threads[waiter].subject
    if subject is None or subject.unread is not None or not subject.tasks:
        return None
    owner = tree.processes[waiter.pid]
    found = [_completion(tree, owner, task, waiter) for task in subject.tasks]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return None
    states = {each.state for each in known}
    return Completion(
        state=next(state for state in TaskState if state in states),
        pools=tuple({pool.address: pool for each in known for pool in each.pools}.values()),
        threads=frozenset().union(*(each.threads for each in known)),
        witnesses=frozenset().union(*(each.witnesses for each in known)),
    )


def completers_of(tree: Tree, pid: int, future: int) -> frozenset[ThreadId]:
    """Return the threads that will complete a future of a process, none if it cannot be told."""
    found = _completion(tree, tree.processes[pid], Task(future=future), None)
    return found.threads if found is not None else frozenset()


def _completion(
    tree: Tree, owner: Process, task: Task, waiter: ThreadId | None
) -> Completion | None:
    for thread_id in tree.threads_of[owner.pid]:
        worker = tree.threads[thread_id].worker
        if worker is not None and worker.task is not None and worker.task.future == task.future:
            pools = tuple(pool for pool in owner.pools if pool.address == worker.pool)
            return Completion(state=TaskState.RUNNING, pools=pools, threads=frozenset({thread_id}))
    for pool in owner.pools:
        listed = next((each for each in pool.tasks if each.future == task.future), None)
        if listed is not None:
            return _in_pool(tree, owner, pool, listed)
    if task.number is None and manager_has_ended(tree, owner):
        others = threads_of_the_program(tree, owner) - {waiter}
        return Completion(state=TaskState.UNTAKEN, pools=(), threads=others)
    return None


def _in_pool(tree: Tree, owner: Process, pool: Pool, task: Task) -> Completion | None:
    if nobody_takes_results(tree, owner, pool):
        return Completion(state=TaskState.UNTAKEN, pools=(pool,), threads=frozenset())
    staff = workers_of(tree, owner, pool)
    if staff is None:
        return None
    runs = frozenset(
        thread_id for thread_id, worker in staff.items() if _number(worker) == task.number
    )
    if runs and task.number is not None:
        return Completion(state=TaskState.RUNNING, pools=(pool,), threads=runs)
    full = pool.max_workers is not None and len(staff) >= max(pool.max_workers, 1)
    if full and all(worker.busy for worker in staff.values()):
        return Completion(state=TaskState.QUEUED, pools=(pool,), threads=frozenset(staff))
    witnesses = witnesses_of_loss(tree, owner, pool, staff)
    if witnesses is not None:
        return Completion(
            state=TaskState.LOST, pools=(pool,), threads=frozenset(), witnesses=witnesses
        )
    return None


def _number(worker: Worker) -> int | None:
    return worker.task.number if worker.task is not None else None


def workers_of(tree: Tree, owner: Process, pool: Pool) -> dict[ThreadId, Worker] | None:
    """Return the threads that run the loops of a pool's workers.

    None if some of its processes were not seen, or do not run such a loop.
    """
    if pool.kind in _IN_THREADS:
        return {
            thread_id: worker
            for thread_id in tree.threads_of[owner.pid]
            if (worker := tree.threads[thread_id].worker) is not None
            and worker.pool == pool.address
        }
    found = [worker_in(tree, owner, pool, pid) for pid in pool.pids]
    known = [each for each in found if each is not None]
    return dict(known) if len(known) == len(found) else None


def worker_in(tree: Tree, owner: Process, pool: Pool, pid: int) -> tuple[ThreadId, Worker] | None:
    """Return the thread that runs the loop of a worker process, None if none is seen to.

    Args:
        tree: with the process.
        owner: of the pool.
        pool: that it works for.
        pid: as the owner knows it.

    """
    process = _worker_process(tree, owner, pid)
    loops = [
        (thread_id, worker)
        for thread_id in (tree.threads_of[process.pid] if process is not None else ())
        if (worker := tree.threads[thread_id].worker) is not None and worker.kind is pool.kind
    ]
    return loops[0] if len(loops) == 1 else None


def _worker_process(tree: Tree, owner: Process, pid: int) -> Process | None:
    """Return the process that the owner knows by a pid of its own namespace."""
    children = [
        process
        for process in tree.processes.values()
        if (process.inner_pid or process.pid) == pid and process.pid != owner.pid
    ]
    return children[0] if len(children) == 1 else None
