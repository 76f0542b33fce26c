"""Which object a thread waits on: by its innermost frames, then read from memory.

A frame of the standard library gives the object as its `self`. The outermost of
these frames names it: `Queue.get` calls `Condition.wait`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from diag.collect.cpython import waitables
from diag.collect.cpython.values import Values
from diag.model.stack import Frame
from diag.model.subject import Subject

Reader = Callable[[Values, int], Subject]


class Found(NamedTuple):
    """What a thread waits on, and the number of the frame that called it."""

    subject: Subject
    caller: int


def find_subject(values: Values, frames: Sequence[Frame], lock: int | None = None) -> Found | None:
    """Return what a blocked thread waits on, None if its innermost frames name nothing.

    Args:
        values: reads the objects of its process.
        frames: of the thread, innermost first.
        lock: address of the lock that it is blocked on, None if it is not known.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    found = None
    if not frames or _takes_inner_lock(frames[0], lock):
        return None
    for number, frame in enumerate(frames):
        file = _tail(frame.file)
        if (file, frame.bare_name) in _LEADING:
            continue
        subject = _read(values, frame, file)
        if subject is None:
            break
        found = Found(subject, number + 1)
    return found


def _takes_inner_lock(innermost: Frame, lock: int | None) -> bool:
    """Return whether a thread waits for the lock inside an object, not for the object.

    Who waits for a Condition, and all that is built on it, is blocked in `Condition.wait`
    on a lock of its own, the local `waiter`; else it begins, or ends, such a wait.
    """
    file = _tail(innermost.file)
    if (file, innermost.bare_name) == ("threading.py", "wait"):
        waiter = innermost.objects.get("waiter")
        return lock is not None and waiter is not None and lock != waiter
    return file in _ON_CONDITIONS or (file, innermost.bare_name) in _TAKE_LOCKS


def _read(values: Values, frame: Frame, file: str) -> Subject | None:
    if (file, frame.bare_name) in _SEVERAL:
        return waitables.read_futures(values, frame.objects.get(_SEVERAL[file, frame.bare_name]))
    address = values.unwrapped(frame.self_address)
    kind = values.type_of(address)
    if kind is None or address is None:
        return None
    for name in kind.lineage:
        read = _READERS.get((file, name, frame.bare_name))
        if read is not None:
            return read(values, address)
    return None


_LEADING = {
    ("multiprocessing/connection.py", name)
    for name in ("_recv", "_recv_bytes", "recv_bytes", "recv", "_send", "_send_bytes", "send_bytes")
} | {
    ("concurrent/futures/_base.py", "_result_or_cancel"),
    ("concurrent/futures/_base.py", "result_iterator"),
    ("concurrent/futures/process.py", "_chain_from_iterable_of_lists"),
    ("threading.py", "_wait"),  # of a Barrier; its `self` is no fast local before 3.11
}
_ON_CONDITIONS = frozenset(("queue.py", "concurrent/futures/_base.py", "multiprocessing/pool.py"))
_TAKE_LOCKS = {
    ("threading.py", name) for name in ("wait_for", "acquire", "__enter__", "_wait", "_enter")
}
# function -> the local variable that has the futures
_SEVERAL = {
    ("concurrent/futures/_base.py", "wait"): "not_done",
    ("concurrent/futures/_base.py", "as_completed"): "pending",
}
# file, class, functions in which it is waited for, reader
_TABLE: tuple[tuple[str, str, tuple[str, ...], Reader], ...] = (
    ("threading.py", "Condition", ("wait", "wait_for"), waitables.read_condition),
    ("threading.py", "Event", ("wait",), waitables.read_event),
    ("threading.py", "Semaphore", ("acquire", "__enter__"), waitables.read_semaphore),
    ("threading.py", "Barrier", ("wait", "_enter"), waitables.read_barrier),
    ("threading.py", "Thread", ("join", "_wait_for_tstate_lock"), waitables.read_thread),
    ("queue.py", "Queue", ("get",), partial(waitables.read_queue, condition="not_empty")),
    ("queue.py", "Queue", ("put",), partial(waitables.read_queue, condition="not_full")),
    ("queue.py", "Queue", ("join",), partial(waitables.read_queue, condition="all_tasks_done")),
    ("concurrent/futures/_base.py", "Future", ("result", "exception"), waitables.read_future),
    ("multiprocessing/pool.py", "ApplyResult", ("wait", "get"), waitables.read_pool_result),
    ("multiprocessing/pool.py", "IMapIterator", ("next",), waitables.read_pool_result),
    ("multiprocessing/synchronize.py", "SemLock", ("__enter__",), waitables.read_shared_lock),
    (
        "multiprocessing/synchronize.py",
        "Condition",
        ("wait", "wait_for"),
        waitables.read_shared_condition,
    ),
    ("multiprocessing/synchronize.py", "Event", ("wait",), waitables.read_shared_event),
    ("multiprocessing/queues.py", "Queue", ("get", "put"), waitables.read_shared_queue),
    (
        "multiprocessing/queues.py",
        "JoinableQueue",
        ("get", "put", "join"),
        waitables.read_shared_queue,
    ),
    ("multiprocessing/queues.py", "SimpleQueue", ("get", "put"), waitables.read_shared_queue),
    ("<frozen importlib._bootstrap>", "_ModuleLock", ("acquire",), waitables.read_module),
)
_READERS = {
    (file, name, function): read for file, name, functions, read in _TABLE for function in functions
}


def _tail(file: str) -> str:
    """Return as much of a path's end as the tables have."""
    parts = file.rsplit("/", 3)
    longest = "/".join(parts[-3:])
    if longest.startswith("concurrent/futures/"):
        return longest
    if len(parts) > 1 and parts[-2] == "multiprocessing":
        return "/".join(parts[-2:])
    return parts[-1]
