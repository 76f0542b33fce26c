"""Which object a thread waits on: by its innermost frames, then read from memory.

A frame of the standard library gives the object as its `self`. The outermost of
these frames names it: `Queue.get` calls `Condition.wait`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from diag.collect.cpython.values import Values
from diag.model.stack import Frame
from diag.model.subject import Subject, SubjectKind, Task

MAX_TASKS = 1000
_DONE = frozenset(("FINISHED", "CANCELLED", "CANCELLED_AND_NOTIFIED"))
_NO_LIMIT = (1 << 31) - 1  # SEM_VALUE_MAX stands for a Queue without a limit

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
        return _futures(values, frame.objects.get(_SEVERAL[file, frame.bare_name]))
    address = values.unwrapped(frame.self_address)
    kind = values.type_of(address)
    if kind is None or address is None:
        return None
    for name in kind.lineage:
        read = _READERS.get((file, name, frame.bare_name))
        if read is not None:
            return read(values, address)
    return None


def _condition(values: Values, address: int) -> Subject:
    return _made(values, SubjectKind.CONDITION, address, waiters=_waiters(values, address))


def _event(values: Values, address: int) -> Subject:
    waiters = _waiters(values, values.attribute(address, "_cond"))
    return _made(values, SubjectKind.EVENT, address, waiters=waiters)


def _semaphore(values: Values, address: int) -> Subject:
    waiters = _waiters(values, values.attribute(address, "_cond"))
    return _made(values, SubjectKind.SEMAPHORE, address, waiters=waiters)


def _barrier(values: Values, address: int) -> Subject:
    known = values.attributes(address)
    return _made(
        values,
        SubjectKind.BARRIER,
        address,
        waiters=_waiters(values, known.get("_cond")),
        length=_integer(values, known.get("_count")),
        max_length=_integer(values, known.get("_parties")),
    )


def _queue(values: Values, address: int, *, condition: str) -> Subject:
    known = values.attributes(address)
    return _made(
        values,
        SubjectKind.QUEUE,
        address,
        waiters=_waiters(values, known.get(condition)),
        length=values.length(known.get("queue", 0)),
        max_length=_at_least_0(_integer(values, known.get("maxsize"))),
        unfinished=_integer(values, known.get("unfinished_tasks")),
    )


def _thread(values: Values, address: int) -> Subject:
    ident = _integer(values, values.attribute(address, "_ident"))
    return _made(values, SubjectKind.THREAD, address, owner_ident=ident)


def _module(values: Values, address: int) -> Subject:
    known = values.attributes(address)
    return _made(
        values,
        SubjectKind.MODULE,
        address,
        module=values.text(known.get("name", 0)),
        owner_ident=_integer(values, known.get("owner")),
    )


def _future(values: Values, address: int) -> Subject:
    known = values.attributes(address)
    state = values.text(known.get("_state", 0))
    return _made(
        values,
        SubjectKind.FUTURE,
        address,
        waiters=_waiters(values, known.get("_condition")),
        state=state,
        tasks=() if state in _DONE else (Task(future=address),),
        unread=None if state else "its state could not be read",
    )


def _futures(values: Values, collection: int | None) -> Subject | None:
    """Return a set of futures; those that are done by now are left out."""
    members = values.items(collection) if collection else None
    if members is None:
        return Subject(kind=SubjectKind.FUTURES, unread="the futures could not be read")
    if len(members) > MAX_TASKS:
        because = f"{len(members)} futures are more than are looked through"
        return Subject(kind=SubjectKind.FUTURES, length=len(members), unread=because)
    states = {address: values.text(values.attribute(address, "_state") or 0) for address in members}
    unknown = sum(state is None for state in states.values())
    return Subject(
        kind=SubjectKind.FUTURES,
        length=len(members),
        tasks=tuple(
            Task(future=address) for address, state in states.items() if state not in _DONE
        ),
        unread=f"the state of {unknown} futures could not be read" if unknown else None,
    )


def _pool_result(values: Values, address: int) -> Subject:
    job = _integer(values, values.attribute(address, "_job"))
    return _made(
        values,
        SubjectKind.POOL_RESULT,
        address,
        tasks=() if job is None else (Task(future=address, number=job),),
        unread="its job could not be read" if job is None else None,
    )


def _shared_lock(values: Values, address: int) -> Subject:
    counts = values.is_a(address, "Semaphore")
    kind = SubjectKind.SEMAPHORE if counts else SubjectKind.LOCK
    return _made(values, kind, address, shared=True)


def _shared_condition(values: Values, address: int) -> Subject:
    waiters = _shared_waiters(values, address)
    return _made(values, SubjectKind.CONDITION, address, shared=True, waiters=waiters)


def _shared_event(values: Values, address: int) -> Subject:
    waiters = _shared_waiters(values, values.attribute(address, "_cond"))
    return _made(values, SubjectKind.EVENT, address, shared=True, waiters=waiters)


def _shared_queue(values: Values, address: int) -> Subject:
    most = _integer(values, values.attribute(address, "_maxsize"))
    free = values.semaphore(values.attribute(address, "_sem", "_semlock") or 0)
    return _made(
        values,
        SubjectKind.QUEUE,
        address,
        shared=True,
        length=most - free if most is not None and free is not None else None,
        max_length=0 if most == _NO_LIMIT else most,
    )


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
    ("threading.py", "Condition", ("wait", "wait_for"), _condition),
    ("threading.py", "Event", ("wait",), _event),
    ("threading.py", "Semaphore", ("acquire", "__enter__"), _semaphore),
    ("threading.py", "Barrier", ("wait", "_enter"), _barrier),
    ("threading.py", "Thread", ("join", "_wait_for_tstate_lock"), _thread),
    ("queue.py", "Queue", ("get",), partial(_queue, condition="not_empty")),
    ("queue.py", "Queue", ("put",), partial(_queue, condition="not_full")),
    ("queue.py", "Queue", ("join",), partial(_queue, condition="all_tasks_done")),
    ("concurrent/futures/_base.py", "Future", ("result", "exception"), _future),
    ("multiprocessing/pool.py", "ApplyResult", ("wait", "get"), _pool_result),
    ("multiprocessing/pool.py", "IMapIterator", ("next",), _pool_result),
    ("multiprocessing/synchronize.py", "SemLock", ("__enter__",), _shared_lock),
    ("multiprocessing/synchronize.py", "Condition", ("wait", "wait_for"), _shared_condition),
    ("multiprocessing/synchronize.py", "Event", ("wait",), _shared_event),
    ("multiprocessing/queues.py", "Queue", ("get", "put"), _shared_queue),
    ("multiprocessing/queues.py", "JoinableQueue", ("get", "put", "join"), _shared_queue),
    ("multiprocessing/queues.py", "SimpleQueue", ("get", "put"), _shared_queue),
    ("<frozen importlib._bootstrap>", "_ModuleLock", ("acquire",), _module),
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


def _made(values: Values, kind: SubjectKind, address: int, **facts: object) -> Subject:
    type_facts = values.type_of(address)
    name = type_facts.name if type_facts is not None else None
    return Subject(kind=kind, address=address, type_name=name, **facts)  # type: ignore[arg-type]


def _waiters(values: Values, condition: int | None) -> int | None:
    return values.length(values.attribute(condition, "_waiters") or 0)


def _shared_waiters(values: Values, condition: int | None) -> int | None:
    """Return how many sleep and have not been woken, as Condition.__repr__ counts them."""
    asleep = values.semaphore(values.attribute(condition, "_sleeping_count", "_semlock") or 0)
    woken = values.semaphore(values.attribute(condition, "_woken_count", "_semlock") or 0)
    return asleep - woken if asleep is not None and woken is not None else None


def _integer(values: Values, address: int | None) -> int | None:
    return values.integer(address) if address else None


def _at_least_0(number: int | None) -> int | None:
    return max(number, 0) if number is not None else None
