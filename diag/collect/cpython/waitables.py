"""What an object holds that a thread waits on: a condition, queue, future, lock, ...

Each reader takes the object's address, and leaves out what cannot be read.
"""

from diag.collect.cpython.values import Values
from diag.model.subject import Subject, SubjectKind, Task

MAX_TASKS = 1000
_DONE = frozenset(("FINISHED", "CANCELLED", "CANCELLED_AND_NOTIFIED"))
_NO_LIMIT = (1 << 31) - 1  # SEM_VALUE_MAX stands for a Queue without a limit


def read_condition(values: Values, address: int) -> Subject:
    """Return a threading.Condition and how many wait for it."""
    return _made(values, SubjectKind.CONDITION, address, waiters=_waiters(values, address))


def read_event(values: Values, address: int) -> Subject:
    """Return a threading.Event."""
    waiters = _waiters(values, values.attribute(address, "_cond"))
    return _made(values, SubjectKind.EVENT, address, waiters=waiters)


def read_semaphore(values: Values, address: int) -> Subject:
    """Return a threading.Semaphore."""
    waiters = _waiters(values, values.attribute(address, "_cond"))
    return _made(values, SubjectKind.SEMAPHORE, address, waiters=waiters)


def read_barrier(values: Values, address: int) -> Subject:
    """Return a threading.Barrier, with how many have come of how many."""
    known = values.attributes(address)
    return _made(
        values,
        SubjectKind.BARRIER,
        address,
        waiters=_waiters(values, known.get("_cond")),
        length=_integer(values, known.get("_count")),
        max_length=_integer(values, known.get("_parties")),
    )


def read_queue(values: Values, address: int, *, condition: str) -> Subject:
    """Return a queue.Queue; `condition` is the attribute on which its users wait."""
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


def read_thread(values: Values, address: int) -> Subject:
    """Return a threading.Thread that is joined."""
    ident = _integer(values, values.attribute(address, "_ident"))
    return _made(values, SubjectKind.THREAD, address, owner_ident=ident)


def read_module(values: Values, address: int) -> Subject:
    """Return the lock of a module that is being imported."""
    known = values.attributes(address)
    return _made(
        values,
        SubjectKind.MODULE,
        address,
        module=values.text(known.get("name", 0)),
        owner_ident=_integer(values, known.get("owner")),
    )


def read_future(values: Values, address: int) -> Subject:
    """Return a concurrent.futures.Future."""
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


def read_futures(values: Values, collection: int | None) -> Subject | None:
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


def read_pool_result(values: Values, address: int) -> Subject:
    """Return what multiprocessing.Pool gives for a job, or for an iterator of them."""
    job = _integer(values, values.attribute(address, "_job"))
    return _made(
        values,
        SubjectKind.POOL_RESULT,
        address,
        tasks=() if job is None else (Task(future=address, number=job),),
        unread="its job could not be read" if job is None else None,
    )


def read_shared_lock(values: Values, address: int) -> Subject:
    """Return a lock or semaphore of multiprocessing."""
    counts = values.is_a(address, "Semaphore")
    kind = SubjectKind.SEMAPHORE if counts else SubjectKind.LOCK
    return _made(values, kind, address, shared=True)


def read_shared_condition(values: Values, address: int) -> Subject:
    """Return a Condition of multiprocessing."""
    waiters = _shared_waiters(values, address)
    return _made(values, SubjectKind.CONDITION, address, shared=True, waiters=waiters)


def read_shared_event(values: Values, address: int) -> Subject:
    """Return an Event of multiprocessing."""
    waiters = _shared_waiters(values, values.attribute(address, "_cond"))
    return _made(values, SubjectKind.EVENT, address, shared=True, waiters=waiters)


def read_shared_queue(values: Values, address: int) -> Subject:
    """Return a queue of multiprocessing."""
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
