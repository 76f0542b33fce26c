"""Tasks that a pool still counts, and that nobody works on: what must be at rest for that."""

from diag.analysis.frames import is_library, user_frame
from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.roles import machinery_role
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.pool import Pool, PoolKind, Worker
from diag.model.process import Process
from diag.model.stack import Frame
from diag.model.wait import WaitKind

_LIBRARY = "/multiprocessing/pool.py"
_EXECUTORS = (PoolKind.PROCESSES, PoolKind.LOKY)


def witnesses_of_loss(
    tree: Tree, owner: Process, pool: Pool, staff: dict[ThreadId, Worker]
) -> frozenset[ThreadId] | None:
    """Return the threads by whose rest a task of a pool is lost, None if it is not.

    It is nowhere on its way: no worker may have it, a free one reads the pipe of tasks,
    so that is empty, and the threads round the pool have nothing to do.

    Args:
        tree: with the pool.
        owner: of the pool.
        pool: that lists the task.
        staff: its workers; none of them is known to run the task.

    """
    if pool.kind is PoolKind.PROCESSES and not pool.pids:
        return _managers(tree, owner)
    if pool.unread is not None:
        return None
    if any(worker.busy and worker.task is None for worker in staff.values()):
        return None  # it may be this very task
    free = frozenset(
        thread_id
        for thread_id, worker in staff.items()
        if not worker.busy and tree.threads[thread_id].wait.kind is WaitKind.READ
    )
    in_executor = pool.kind in _EXECUTORS
    others = _round_executor(tree, owner, pool) if in_executor else _round_pool(tree, owner, pool)
    return free | others if free and others is not None else None


def _round_executor(tree: Tree, owner: Process, pool: Pool) -> frozenset[ThreadId] | None:
    """Return the threads round an executor, None if one may have a task or a result.

    Its manager polls the pipe of results, the ends of the workers, and its own pipe to be
    woken: nothing has come. All threads that feed queues wait for something to send.
    """
    managers = _managers(tree, owner) or frozenset()
    own = frozenset(thread_id for thread_id in managers if _manages(tree, thread_id, pool.address))
    feeders = _with_role(tree, owner, "feeder")
    rests = all(tree.threads[thread_id].wait.kind is WaitKind.POLL for thread_id in own)
    idle = all(
        tree.threads[thread_id].wait.kind is WaitKind.LOCK
        and idiom_of(tree.threads[thread_id].stack) is Idiom.CONDITION
        for thread_id in feeders
    )
    return own | feeders if len(own) == 1 and feeders and rests and idle else None


def _manages(tree: Tree, thread_id: ThreadId, manager: int) -> bool:
    stack = tree.threads[thread_id].stack
    return any(frame.self_address == manager for frame in (stack.own_frames if stack else ()))


def _round_pool(tree: Tree, owner: Process, pool: Pool) -> frozenset[ThreadId] | None:
    """Return the threads round a multiprocessing.Pool, None if one may have a task or a result.

    No task is left in the owner's queue, the thread that feeds the workers waits for one;
    the thread that takes the results reads their pipe, so that is empty.
    """
    if pool.waiting != 0:
        return None
    handlers = _handlers(tree, owner, pool)
    feeder, taker = handlers.get("_handle_tasks"), handlers.get("_handle_results")
    keeper = handlers.get("_handle_workers")
    if feeder is None or taker is None or keeper is None:
        return None
    lock = tree.threads[feeder].wait.lock
    if lock is None or lock.kind is not LockKind.SIMPLE_QUEUE:
        return None
    if tree.threads[taker].wait.kind is not WaitKind.READ:
        return None
    return frozenset({feeder, taker, keeper})


def _managers(tree: Tree, owner: Process) -> frozenset[ThreadId] | None:
    """Return the managers of a process's executors, None if they were not seen.

    A manager starts no worker by itself: submit() does, and only where it takes none
    to be free (cpython#115634).
    """
    return _with_role(tree, owner, "manager") or None


def _with_role(tree: Tree, owner: Process, role: str) -> frozenset[ThreadId]:
    return frozenset(
        thread_id
        for thread_id in tree.threads_of[owner.pid]
        if machinery_role(tree.threads[thread_id].stack) == role
    )


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


def nobody_takes_results(tree: Tree, owner: Process, pool: Pool) -> bool:
    """Whether the thread has ended that takes the results of a multiprocessing.Pool.

    It ends when a callback raises, or a result cannot be unpickled; nothing starts it
    again. In a pool that is closed it goes on for as long as results are waited for
    (multiprocessing/pool.py, `_handle_results`).
    """
    if pool.kind not in (PoolKind.MULTIPROCESSING, PoolKind.MULTIPROCESSING_THREADS):
        return False
    if _has_unseen_threads(tree, owner):
        return False
    stacks = [tree.threads[thread_id].stack for thread_id in tree.threads_of[owner.pid]]
    return not any(
        frame.bare_name == "_handle_results" and frame.file.endswith(_LIBRARY)
        for stack in stacks
        for frame in (stack.own_frames if stack is not None else ())
    )


def manager_has_ended(tree: Tree, owner: Process) -> bool:
    """Whether a process has workers of an executor, and no thread that manages one.

    A manager ends its workers before it ends itself (concurrent/futures/process.py,
    `_ExecutorManagerThread.run`). It ends without when a callback of a Future calls
    sys.exit(): only what is an `Exception` is caught there.
    """
    if _has_unseen_threads(tree, owner) or _managers(tree, owner) is not None:
        return False
    workers = (
        tree.threads[thread_id].worker
        for pid in tree.children_of[owner.pid]
        for thread_id in tree.threads_of[pid]
    )
    return any(worker is not None and worker.kind in _EXECUTORS for worker in workers)


def threads_of_the_program(tree: Tree, owner: Process) -> frozenset[ThreadId]:
    """Return the threads of a process that run code of the program's own, or none that is seen."""
    found = set()
    for thread_id in tree.threads_of[owner.pid]:
        frame = user_frame(tree.threads[thread_id].stack)
        if frame is None or not is_library(frame):
            found.add(thread_id)
    return frozenset(found)


def _has_unseen_threads(tree: Tree, owner: Process) -> bool:
    threads = (tree.threads[thread_id] for thread_id in tree.threads_of[owner.pid])
    return any(thread.ident is not None and thread.stack is None for thread in threads)
