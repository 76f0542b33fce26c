"""The object that a thread waits on, in the terms of the program: an Event, a queue, a Future."""

from enum import StrEnum

from diag.model.base import Record


class SubjectKind(StrEnum):
    """What kind of object it is."""

    CONDITION = "condition"
    EVENT = "event"
    SEMAPHORE = "semaphore"
    BARRIER = "barrier"
    QUEUE = "queue"
    THREAD = "thread"  # its end, for Thread.join
    MODULE = "module"  # that another thread imports
    LOCK = "lock"
    FUTURE = "future"
    FUTURES = "futures"  # several at once: wait() and as_completed()
    POOL_RESULT = "pool-result"  # AsyncResult and the iterators of multiprocessing.Pool


class Task(Record, frozen=True):
    """A task of a pool.

    Attributes:
        future: address of its Future or AsyncResult in the process that awaits it;
            None where only its number is known.
        number: the work id of a process pool, the job of a multiprocessing.Pool;
            None for thread pools.

    """

    future: int | None = None
    number: int | None = None


class EndedThread(Record, frozen=True):
    """A `threading.Thread` that has ended and is still known to the frame that waits.

    Attributes:
        name: as the program named it, None if that could not be read.
        has_it: whether the object that is waited for is an attribute of it.

    """

    name: str | None
    has_it: bool = False


class Subject(Record, frozen=True):
    """The object behind a wait, found by the frames and read from memory.

    What could not be read is None or missing, never a guess.

    Attributes:
        kind: see `SubjectKind`.
        address: of the object, None for FUTURES.
        type_name: name of its class.
        shared: whether it is one of `multiprocessing`, used by several processes.
        names: how the program names it where it waits: "self.inbox of Server",
            "jobs of module shop.orders", "self.rows[1] of Table", "in self.waiting of Desk"
            (a value of that dict), "gate of enter()" (a variable of that function);
            several names if it has several there.
        waiters: number of threads that wait on its condition.
        length: number of items of a queue, of parties that arrived at a barrier.
        max_length: most items of a queue, 0 for no limit; parties of a barrier.
        unfinished: items of a queue for which `task_done` was not called.
        module: name of the module that is imported, for MODULE.
        owner_ident: pthread id of the thread that imports it, for MODULE.
        state: of a FUTURE, as it says itself: "PENDING", "RUNNING", ...
        tasks: the tasks awaited, for FUTURE, FUTURES and POOL_RESULT; without
            those that are done.
        unread: why `tasks` may lack some, None if it does not.
        ended: threads that have ended and that variables of the frame that waits, or its globals,
            refer to; for the EVENT that a main thread waits for.

    """

    kind: SubjectKind
    address: int | None = None
    type_name: str | None = None
    shared: bool = False
    names: tuple[str, ...] = ()
    waiters: int | None = None
    length: int | None = None
    max_length: int | None = None
    unfinished: int | None = None
    module: str | None = None
    owner_ident: int | None = None
    state: str | None = None
    tasks: tuple[Task, ...] = ()
    unread: str | None = None
    ended: tuple[EndedThread, ...] = ()
