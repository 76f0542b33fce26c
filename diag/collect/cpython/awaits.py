"""What a task of asyncio awaits: by the frames of asyncio's own coroutines, and by its future."""

from collections.abc import Sequence
from typing import NamedTuple

from diag.collect.cpython.frames import Frame
from diag.collect.cpython.futures import FUTURE, TASK, Futures
from diag.collect.cpython.values import Values
from diag.model.aio import AwaitKind

MAX_TASKS = 1000

# File and function of a coroutine -> classes of its `self` -> what is awaited.
_BY_SELF: dict[tuple[str, str], dict[str, AwaitKind]] = {
    ("locks.py", "acquire"): {"Lock": AwaitKind.LOCK, "Semaphore": AwaitKind.SEMAPHORE},
    ("locks.py", "wait"): {
        "Event": AwaitKind.EVENT,
        "Condition": AwaitKind.CONDITION,
        "Barrier": AwaitKind.BARRIER,
    },
    ("queues.py", "get"): {"Queue": AwaitKind.QUEUE_GET},
    ("queues.py", "put"): {"Queue": AwaitKind.QUEUE_PUT},
    ("queues.py", "join"): {"Queue": AwaitKind.QUEUE_JOIN},
}
_SLEEP = ("tasks.py", "sleep")
_IO_FILES = frozenset(
    (
        "streams.py",
        "selector_events.py",
        "base_subprocess.py",
        "subprocess.py",
        "unix_events.py",
        "sslproto.py",
    )
)
# Coroutines whose first local is the tasks that they await, or one of them.
_AWAIT_TASKS = frozenset((("tasks.py", "_wait"), ("tasks.py", "wait_for")))
_TASK_GROUPS = "taskgroups.py"


class Step(NamedTuple):
    """A frame of a coroutine and the path of its code."""

    frame: Frame
    file: str


class Awaited(NamedTuple):
    """What a task awaits; fields as those of `AioTask`."""

    kind: AwaitKind | None = None
    object: int | None = None
    type_name: str | None = None
    tasks: tuple[int, ...] = ()
    future: int | None = None


def find_awaited(values: Values, futures: Futures, task: int, chain: Sequence[Step]) -> Awaited:
    """Return what a suspended task awaits.

    Args:
        values: reads the objects of its process.
        futures: reads its futures.
        task: its address.
        chain: its coroutines, outermost first.

    Raises:
        MemoryUnreadableError: the task cannot be read.

    """
    future = futures.awaited_by(task)
    if future is None or not futures.is_pending(future):
        return Awaited()
    kind, owner = _by_frames(values, chain)
    linked = tuple(futures.linked(future))
    found = _tasks(values, future, chain, linked)
    tasks = tuple(one for one in _unfinished(futures, found) if one != task)
    concurrent = next((one for one in linked if is_concurrent(values, one)), None)
    if kind is None:
        kind = AwaitKind.FUTURE
        if tasks:
            kind = AwaitKind.TASKS
        elif concurrent is not None:
            kind = AwaitKind.EXECUTOR
    facts = values.type_of(owner or future)
    return Awaited(
        kind=kind,
        object=owner or future,
        type_name=facts.name if facts is not None else None,
        tasks=tasks,
        future=concurrent if kind is AwaitKind.EXECUTOR else None,
    )


def _by_frames(values: Values, chain: Sequence[Step]) -> tuple[AwaitKind | None, int | None]:
    """Return the kind that the outermost of the innermost frames of asyncio names."""
    found: tuple[AwaitKind | None, int | None] = (None, None)
    for frame, file in reversed(chain):
        name = _asyncio_file(file)
        if name is None:
            break
        sign = (name, frame.code.name)
        for class_name, kind in _BY_SELF.get(sign, {}).items():
            owner = values.unwrapped(frame.first_local)
            if values.is_a(owner, class_name):
                found = (kind, owner)
        if sign == _SLEEP:
            found = (AwaitKind.SLEEP, None)
        elif name in _IO_FILES:
            found = (AwaitKind.IO, None)
    return found


def _tasks(
    values: Values, future: int, chain: Sequence[Step], linked: tuple[int, ...]
) -> tuple[int, ...]:
    """Return futures of which at least one must be done before the task goes on."""
    if values.is_a(future, TASK):
        return (future,)
    if values.is_a(future, "_GatheringFuture"):
        return values.items(values.attribute(future, "_children") or 0) or ()
    innermost = chain[-1] if chain else None
    name = _asyncio_file(innermost.file) if innermost is not None else None
    if innermost is None or name is None:
        return linked
    local = values.unwrapped(innermost.frame.first_local) or 0
    if name == _TASK_GROUPS:
        return values.items(values.attribute(local, "_tasks") or 0) or ()
    if (name, innermost.frame.code.name) in _AWAIT_TASKS:
        return (local,) if values.is_a(local, FUTURE) else values.items(local) or ()
    return linked


def _unfinished(futures: Futures, found: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(
        one for one in found[:MAX_TASKS] if futures.is_task(one) and futures.is_pending(one)
    )


def is_concurrent(values: Values, address: int) -> bool:
    """Return whether there is a `concurrent.futures.Future`."""
    return values.is_a(address, "Future") and not values.is_a(address, FUTURE)


def _asyncio_file(path: str) -> str | None:
    """Return the name of a file of asyncio, None for any other file."""
    folder, _, name = path.rpartition("/")
    return name if folder.endswith("/asyncio") else None
