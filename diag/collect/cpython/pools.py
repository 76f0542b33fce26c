"""Pools of workers: by the frames of their own threads, then read from memory.

The loops of the standard library that are looked for (3.9 to 3.15), and what
their local variables lead to:

    thread.py     _worker                     work_queue, executor_reference
    thread.py     _WorkItem.run               self.future
    process.py    _ExecutorManagerThread.run  self.processes, .pending_work_items
    process.py    _process_worker             call_item.work_id
    pool.py       Pool._handle_workers        pool, cache, taskqueue, inqueue, processes
    pool.py       worker                      inqueue, job

loky keeps the names of process.py.
"""

from collections.abc import Iterable, Sequence

from diag.collect.cpython.backlog import BacklogReader
from diag.collect.cpython.values import Values
from diag.collect.cpython.waitables import MAX_TASKS
from diag.model.pool import Pool, PoolKind, Worker
from diag.model.stack import Frame
from diag.model.subject import Task
from diag.model.thread import Thread

_THREADS = "/concurrent/futures/thread.py"
_PROCESSES = "/concurrent/futures/process.py"
_LOKY = "/loky/process_executor.py"
_MULTIPROCESSING = "/multiprocessing/pool.py"
_TOO_MANY = "{} tasks are more than are looked through"


def find_worker(values: Values, frames: Sequence[Frame]) -> Worker | None:
    """Return what a thread does for a pool, None if it runs no worker's loop.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    for number, frame in enumerate(frames):
        inner = frames[number - 1] if number else None
        if frame.bare_name == "_worker" and frame.file.endswith(_THREADS):
            return _pool_thread(values, frame, inner)
        if frame.bare_name == "_process_worker" and frame.file.endswith((_PROCESSES, _LOKY)):
            return _executor_process(values, frame, inner)
        if frame.bare_name == "worker" and frame.file.endswith(_MULTIPROCESSING):
            return _multiprocessing_worker(values, frame, inner)
    return None


def _pool_thread(values: Values, frame: Frame, inner: Frame | None) -> Worker:
    runs = inner is not None and inner.bare_name == "run" and inner.file.endswith(_THREADS)
    future = values.attribute(inner.self_address, "future") if inner is not None and runs else None
    return Worker(
        kind=PoolKind.THREADS,
        pool=frame.objects.get("work_queue"),
        task=Task(future=future) if future else None,
        busy=inner is not None,
    )


def _executor_process(values: Values, frame: Frame, inner: Frame | None) -> Worker:
    item = frame.objects.get("call_item")
    in_task = values.is_a(item, "_CallItem")
    number = values.integer(values.attribute(item, "work_id") or 0) if in_task else None
    return Worker(
        kind=PoolKind.LOKY if frame.file.endswith(_LOKY) else PoolKind.PROCESSES,
        task=None if number is None else Task(number=number),
        busy=_is_busy(inner),
    )


def _multiprocessing_worker(values: Values, frame: Frame, inner: Frame | None) -> Worker:
    queue = frame.objects.get("inqueue")
    of_threads = values.is_a(queue, "_queue.SimpleQueue")
    number = values.integer(frame.objects.get("job", 0))
    return Worker(
        kind=PoolKind.MULTIPROCESSING_THREADS if of_threads else PoolKind.MULTIPROCESSING,
        pool=queue if of_threads else None,
        task=None if number is None else Task(number=number),
        busy=_is_busy(inner) and not (of_threads and inner is None),
    )


def _is_busy(inner: Frame | None) -> bool:
    """Return whether the loop of a process is anywhere but in the queue of its tasks."""
    return inner is None or not (inner.bare_name == "get" and inner.file.endswith("queues.py"))


def find_pools(
    values: Values, threads: Iterable[Thread], backlogs: BacklogReader, *, with_tasks: bool
) -> tuple[Pool, ...]:
    """Return the pools that a process owns.

    Args:
        values: reads the objects of the process.
        threads: of the process, with their stacks and workers.
        backlogs: reads what waits in them.
        with_tasks: whether to read which tasks they have, which takes longer.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    found: dict[int, Pool] = {}
    for thread in threads:
        for frame in thread.stack.own_frames if thread.stack is not None else ():
            if frame.objects.get("work_queue") in found:
                continue  # its other workers lead to the same pool
            pool = _pool_at(values, frame, backlogs, with_tasks=with_tasks)
            if pool is not None:
                found[pool.address] = pool
    return tuple(found.values())


def _pool_at(
    values: Values, frame: Frame, backlogs: BacklogReader, *, with_tasks: bool
) -> Pool | None:
    if frame.bare_name == "_worker" and frame.file.endswith(_THREADS):
        return _thread_pool(values, frame, backlogs, with_tasks=with_tasks)
    if frame.bare_name == "run" and frame.file.endswith((_PROCESSES, _LOKY)):
        return _process_pool(values, frame, backlogs, with_tasks=with_tasks)
    if frame.bare_name == "_handle_workers" and frame.file.endswith(_MULTIPROCESSING):
        return _multiprocessing_pool(values, frame, backlogs)
    return None


def _thread_pool(
    values: Values, frame: Frame, backlogs: BacklogReader, *, with_tasks: bool
) -> Pool | None:
    queue = frame.objects.get("work_queue")
    if queue is None or not values.is_a(queue, "_queue.SimpleQueue"):
        return None
    tasks, unread = _queued(values, queue) if with_tasks else ((), None)
    return Pool(
        kind=PoolKind.THREADS,
        address=queue,
        max_workers=_max_workers(values, frame.objects.get("executor_reference")),
        waiting=values.length(queue),
        tasks=tasks,
        unread=unread,
        backlog=backlogs.of_items(queue),
    )


def _queued(values: Values, queue: int) -> tuple[tuple[Task, ...], str | None]:
    """Return the tasks in the queue of a thread pool, and why some may be missing."""
    items = values.items(queue)
    if items is None or len(items) > MAX_TASKS:
        return (), _TOO_MANY.format(values.length(queue))
    return _tasks(values, ((None, item) for item in items if not values.is_a(item, "NoneType")))


def _process_pool(
    values: Values, frame: Frame, backlogs: BacklogReader, *, with_tasks: bool
) -> Pool | None:
    manager = frame.self_address
    if manager is None or not values.is_a(manager, "_ExecutorManagerThread"):
        return None
    known = values.attributes(manager)
    pending, processes = known.get("pending_work_items", 0), known.get("processes", 0)
    tasks, unread = _pending(values, pending) if with_tasks else ((), None)
    return Pool(
        kind=PoolKind.LOKY if frame.file.endswith(_LOKY) else PoolKind.PROCESSES,
        address=manager,
        max_workers=_max_workers(values, known.get("executor_reference")),
        pids=_integers(values, (key for key, _ in values.pairs(processes) or ())),
        waiting=values.length(pending),
        tasks=tasks,
        unread=unread,
        backlog=backlogs.of_items(pending),
    )


def _pending(values: Values, pending: int) -> tuple[tuple[Task, ...], str | None]:
    """Return the tasks of a process pool, and why some may be missing."""
    pairs = values.pairs(pending)
    if pairs is None or len(pairs) > MAX_TASKS:
        return (), _TOO_MANY.format(values.length(pending))
    return _tasks(values, pairs)


def _tasks(
    values: Values, items: Iterable[tuple[int | None, int]]
) -> tuple[tuple[Task, ...], str | None]:
    """Return the tasks of work items, each with the address of its number or None."""
    tasks, unread = [], 0
    for key, item in items:
        future = values.attribute(item, "future")
        number = values.integer(key) if key is not None else None
        if future is None or (key is not None and number is None):
            unread += 1
        else:
            tasks.append(Task(future=future, number=number))
    return tuple(tasks), f"{unread} tasks could not be read" if unread else None


def _multiprocessing_pool(values: Values, frame: Frame, backlogs: BacklogReader) -> Pool | None:
    local = frame.objects
    inqueue, cache = local.get("inqueue"), local.get("cache", 0)
    results = values.pairs(cache)
    if inqueue is None or results is None:
        return None
    of_threads = values.is_a(inqueue, "_queue.SimpleQueue")
    numbered = [(values.integer(key), result) for key, result in results[:MAX_TASKS]]
    missing = len(results) - sum(number is not None for number, _ in numbered)
    popens = (
        values.attribute(worker, "_popen", "pid")
        for worker in values.items(local.get("pool", 0)) or ()
    )
    return Pool(
        kind=PoolKind.MULTIPROCESSING_THREADS if of_threads else PoolKind.MULTIPROCESSING,
        address=inqueue,
        max_workers=values.integer(local.get("processes", 0)),
        pids=() if of_threads else _integers(values, (pid for pid in popens if pid is not None)),
        waiting=values.length(local.get("taskqueue", 0)),
        tasks=tuple(
            Task(future=result, number=number) for number, result in numbered if number is not None
        ),
        unread=f"{missing} tasks could not be read" if missing else None,
        backlog=backlogs.of_items(inqueue if of_threads else local.get("taskqueue", 0)),
    )


def _max_workers(values: Values, reference: int | None) -> int | None:
    """Return how large a pool may grow: not at all if its executor is gone."""
    if values.is_dead(reference):
        return 0
    executor = values.referent(reference) if reference else None
    return values.integer(values.attribute(executor, "_max_workers") or 0)


def _integers(values: Values, addresses: Iterable[int]) -> tuple[int, ...]:
    read = map(values.integer, addresses)
    return tuple(number for number in read if number is not None)
