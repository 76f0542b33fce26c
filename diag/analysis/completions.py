"""Who completes a task that a thread waits for: the worker that runs it, or one that will.

A Future is completed by the pool that it came from, though any thread may cancel
it or set its result: what is found here narrows a suspicion, never a proof.
"""

from enum import StrEnum

from diag.analysis.roles import machinery_role
from diag.analysis.tree import Tree
from diag.model.base import Record
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.pool import Pool, PoolKind, Worker
from diag.model.process import Process
from diag.model.stack import Frame
from diag.model.subject import Task
from diag.model.wait import WaitKind

_LIBRARY = "/multiprocessing/pool.py"
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
        threads: who has it, or will: none for LOST and UNTAKEN.
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
    found = [_completion(tree, owner, task) for task in subject.tasks]
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
    found = _completion(tree, tree.processes[pid], Task(future=future))
    return found.threads if found is not None else frozenset()


def _completion(tree: Tree, owner: Process, task: Task) -> Completion | None:
    for thread_id in tree.threads_of[owner.pid]:
        worker = tree.threads[thread_id].worker
        if worker is not None and worker.task is not None and worker.task.future == task.future:
            pools = tuple(pool for pool in owner.pools if pool.address == worker.pool)
            return Completion(state=TaskState.RUNNING, pools=pools, threads=frozenset({thread_id}))
    for pool in owner.pools:
        listed = next((each for each in pool.tasks if each.future == task.future), None)
        if listed is not None:
            return _in_pool(tree, owner, pool, listed)
    return None


def _in_pool(tree: Tree, owner: Process, pool: Pool, task: Task) -> Completion | None:
    if _nobody_takes_results(tree, owner, pool):
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
    if pool.kind is PoolKind.PROCESSES and not pool.pids:
        witnesses = _manager(tree, owner)
    else:
        witnesses = _witnesses_of_loss(tree, owner, pool, staff)
    if witnesses is not None:
        return Completion(
            state=TaskState.LOST, pools=(pool,), threads=frozenset(), witnesses=witnesses
        )
    return None


def _nobody_takes_results(tree: Tree, owner: Process, pool: Pool) -> bool:
    """Whether the thread has ended that takes the results of a multiprocessing.Pool.

    It ends when a callback raises, or a result cannot be unpickled; nothing starts it
    again. In a pool that is closed it goes on for as long as results are waited for
    (multiprocessing/pool.py, `_handle_results`).
    """
    if pool.kind not in (PoolKind.MULTIPROCESSING, PoolKind.MULTIPROCESSING_THREADS):
        return False
    threads = [tree.threads[thread_id] for thread_id in tree.threads_of[owner.pid]]
    if any(thread.ident is not None and thread.stack is None for thread in threads):
        return False
    return not any(
        frame.bare_name == "_handle_results" and frame.file.endswith(_LIBRARY)
        for thread in threads
        for frame in (thread.stack.own_frames if thread.stack is not None else ())
    )


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


def _witnesses_of_loss(
    tree: Tree, owner: Process, pool: Pool, staff: dict[ThreadId, Worker]
) -> frozenset[ThreadId] | None:
    """Return the threads by whose rest a task of a multiprocessing.Pool is lost, None if it is not.

    It is nowhere on its way: no task is left in the owner's queue, the thread that
    feeds the workers waits for one; a free worker reads the pipe of tasks, so that
    is empty; the thread that takes the results reads their pipe, so that is, too.
    """
    if pool.kind is not PoolKind.MULTIPROCESSING or pool.waiting != 0 or pool.unread is not None:
        return None
    if any(worker.busy and worker.task is None for worker in staff.values()):
        return None  # it may be this very task
    free = frozenset(
        thread_id
        for thread_id, worker in staff.items()
        if not worker.busy and tree.threads[thread_id].wait.kind is WaitKind.READ
    )
    handlers = _handlers(tree, owner, pool)
    feeder, taker = handlers.get("_handle_tasks"), handlers.get("_handle_results")
    keeper = handlers.get("_handle_workers")
    if not free or feeder is None or taker is None or keeper is None:
        return None
    lock = tree.threads[feeder].wait.lock
    if lock is None or lock.kind is not LockKind.SIMPLE_QUEUE:
        return None
    if tree.threads[taker].wait.kind is not WaitKind.READ:
        return None
    return free | {feeder, taker, keeper}


def _manager(tree: Tree, owner: Process) -> frozenset[ThreadId] | None:
    """Return the managers of a process's executors, None if they were not seen.

    A manager starts no worker by itself: submit() does, and only where it takes none
    to be free (cpython#115634).
    """
    managers = frozenset(
        thread_id
        for thread_id in tree.threads_of[owner.pid]
        if machinery_role(tree.threads[thread_id].stack) == "manager"
    )
    return managers or None


def _handlers(tree: Tree, owner: Process, pool: Pool) -> dict[str, ThreadId]:
    """Return the three threads that keep a multiprocessing.Pool going, by their functions."""
    frames: dict[ThreadId, Frame] = {}
    for thread_id in tree.threads_of[owner.pid]:
        stack = tree.threads[thread_id].stack
        for frame in stack.own_frames if stack is not None else ():
            if frame.bare_name.startswith("_handle_") and frame.file.endswith(_LIBRARY):
                frames[thread_id] = frame
    caches = {
        frame.objects.get("cache")
        for frame in frames.values()
        if frame.objects.get("inqueue") == pool.address
    }
    return {
        frame.bare_name: thread_id
        for thread_id, frame in frames.items()
        if frame.objects.get("cache") in caches - {None}
    }
