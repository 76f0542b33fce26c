"""Pools of workers, as the process that owns one, and each of its workers, see them."""

from enum import StrEnum

from diag.model.base import Record
from diag.model.subject import Task


class PoolKind(StrEnum):
    """The kinds of pool whose memory is understood."""

    THREADS = "ThreadPoolExecutor"
    PROCESSES = "ProcessPoolExecutor"
    MULTIPROCESSING = "multiprocessing.Pool"
    MULTIPROCESSING_THREADS = "multiprocessing.pool.ThreadPool"
    LOKY = "loky"


class Pool(Record, frozen=True):
    """A pool in the memory of the process that owns it.

    Attributes:
        kind: see `PoolKind`.
        address: of an object that only this pool has: the queue of its tasks, or
            the manager thread of PROCESSES and LOKY.
        max_workers: None if it could not be read; then it may still grow.
        pids: the worker processes, in the pid namespace of the owner.
        waiting: number of tasks in the queue of the owner: for THREADS those that
            no worker has taken; for the others they can also be on their way to
            a worker.
        tasks: tasks without a result, read only where a thread awaits some: those
            in the queue for THREADS, all for the others.
        unread: why `tasks` may lack some, None if it does not.

    """

    kind: PoolKind
    address: int
    max_workers: int | None = None
    pids: tuple[int, ...] = ()
    waiting: int | None = None
    tasks: tuple[Task, ...] = ()
    unread: str | None = None


class Worker(Record, frozen=True):
    """What a thread that runs the loop of a pool's worker does.

    Attributes:
        kind: of the pool.
        pool: its `Pool.address` if the pool is of the same process, else None.
        task: what it runs, None while it waits for a task, or where it is not known.
        busy: whether it does anything else than to wait for a task: it may also
            run its initializer, or send a result back.

    """

    kind: PoolKind
    pool: int | None = None
    task: Task | None = None
    busy: bool = False
