"""asyncio from outside: event loops and the tasks that they have not finished.

No value of a variable is kept: only names, places and addresses.
"""

from enum import StrEnum

from diag.model.base import Record
from diag.model.stack import Frame


class AwaitKind(StrEnum):
    """What a task awaits, as the frames of asyncio's own coroutines say."""

    FUTURE = "future"  # a bare Future: somebody has to call set_result
    TASKS = "tasks"  # other tasks: directly, by gather, wait, a TaskGroup
    EXECUTOR = "executor"  # a concurrent.futures.Future: run_in_executor, to_thread
    SLEEP = "sleep"
    LOCK = "lock"
    SEMAPHORE = "semaphore"
    EVENT = "event"
    CONDITION = "condition"
    BARRIER = "barrier"
    QUEUE_GET = "queue-get"
    QUEUE_PUT = "queue-put"
    QUEUE_JOIN = "queue-join"
    IO = "io"  # a stream, a socket, a subprocess


class AioTask(Record, frozen=True):
    """A task that is not done.

    Attributes:
        address: of the task.
        loop: address of its event loop.
        name: "Task-3", or what the program called it; None if it was not read.
        frames: of its coroutines, innermost first.
        running: whether it runs at this moment, on some thread's stack.
        kind: what it awaits; None if it runs, has not begun, or is about to go on.
        object: address of the lock, event or queue that it awaits, None if there is none.
        type_name: the class of that object, or of the future.
        tasks: addresses of the unfinished tasks that it awaits.
        future: address of the `concurrent.futures.Future` that it awaits.
        holds: addresses of the locks whose `async with` it is inside of, and of those
            of `threading` whose `with`.
        resolves: addresses of the `concurrent.futures.Future`s that get its result
            (`run_coroutine_threadsafe`).

    """

    address: int
    loop: int
    name: str | None = None
    frames: tuple[Frame, ...] = ()
    running: bool = False
    kind: AwaitKind | None = None
    object: int | None = None
    type_name: str | None = None
    tasks: tuple[int, ...] = ()
    future: int | None = None
    holds: tuple[int, ...] = ()
    resolves: tuple[int, ...] = ()


class Loop(Record, frozen=True):
    """The event loop that a thread runs.

    Attributes:
        address: of the loop.
        ready: number of callbacks that wait for their turn, None if not read.
        timers: number of timers that are set, None if not read.
        next_deadline_s: when the first of them is due, on CLOCK_MONOTONIC.
        callback: address of the `Handle` that it runs, None while it polls.
        task: address of the task that it runs, None for none.

    """

    address: int
    ready: int | None = None
    timers: int | None = None
    next_deadline_s: float | None = None
    callback: int | None = None
    task: int | None = None
