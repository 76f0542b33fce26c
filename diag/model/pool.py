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


class Backlog(Record, frozen=True):
    """The tasks that wait in the owner's memory, with all that they need.

    Attributes:
        tasks: number of tasks that are not done.
        sampled: tasks whose arguments were looked at; 0 if none could be.
        held_bytes: what the arguments of all hold, by these. None without a sample.
        unsized: types among them that may hold more than can be read, by name.

    """

    tasks: int
    sampled: int = 0
    held_bytes: int | None = None
    unsized: tuple[str, ...] = ()


class Kept(Record, frozen=True):
    """Futures, or results of multiprocessing.Pool, that the program keeps in a collection.

    Attributes:
        name: of the variable, attribute ("self.futures") or global that has it.
        tid: thread that has it.
        function: whose variable it is.
        file: where that is.
        line: where it stands now.
        futures: number of futures.
        done: how many are finished, by a sample.
        sampled: finished ones whose results were looked at.
        held_bytes: what the results hold, by these; None without a sample.
        unsized: types among them that may hold more than can be read, by name.

    """

    futures: int
    name: str = ""
    tid: int = 0
    function: str = ""
    file: str = ""
    line: int = 0
    done: int = 0
    sampled: int = 0
    held_bytes: int | None = None
    unsized: tuple[str, ...] = ()


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
        backlog: what waits, None if it is little or could not be read.

    """

    kind: PoolKind
    address: int
    max_workers: int | None = None
    pids: tuple[int, ...] = ()
    waiting: int | None = None
    tasks: tuple[Task, ...] = ()
    unread: str | None = None
    backlog: Backlog | None = None


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
