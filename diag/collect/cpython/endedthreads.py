"""Threads of the program that have ended, as far as a frame that waits for an Event knows them.

`threading.Thread` keeps its `_ident` and `_name` when it has ended (Lib/threading.py, 3.9 to 3.15).
"""

from collections.abc import Collection, Iterator

from diag.collect.cpython.names import MAX_CALLERS, Names
from diag.collect.cpython.values import Values
from diag.collect.cpython.waited import Found
from diag.model.subject import EndedThread
from diag.model.thread import Thread

MAX_FOUND = 8
MAX_ITEMS = 64  # of a list of threads
_COLLECTIONS = ("list", "tuple", "set")
_ONCE = ("Timer", "_MainThread", "_DummyThread")  # that they end, or are not there, tells nothing


def ended_threads(
    values: Values, names: Names, waiter: Thread, event: Found, alive: Collection[int]
) -> tuple[EndedThread, ...]:
    """Return the threads that variables of the waiter's frames refer to, and that have ended.

    Args:
        values: reads the process.
        names: finds variables in it.
        waiter: the thread that waits for an Event.
        event: what it waits for, and which frame does.
        alive: pthread ids of the threads of the process.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    found: dict[int, EndedThread] = {}
    for address in _threads(values, _known(names, waiter, event.caller)):
        attributes = values.attributes(address)
        ident = values.integer(attributes.get("_ident", 0))
        if ident is not None and ident not in alive and len(found) < MAX_FOUND:
            name = values.text(attributes.get("_name", 0))
            found[address] = EndedThread(
                name=name, has_it=event.subject.address in attributes.values()
            )
    return tuple(found.values())


def _known(names: Names, waiter: Thread, caller: int) -> Iterator[int]:
    """Yield what the variables and globals of the program's innermost frames refer to."""
    for number in range(caller, caller + MAX_CALLERS):
        for _, address in names.variables_of(waiter, number):
            yield address
    for _, address in names.globals_of(waiter, caller):
        yield address


def _threads(values: Values, addresses: Iterator[int]) -> Iterator[int]:
    for address in addresses:
        members: tuple[int, ...] | None = None
        if values.is_a(address, "dict"):
            members = tuple(value for _, value in values.pairs(address) or ())
        elif values.is_a(address, *_COLLECTIONS):
            members = values.items(address)
        for one in (address, *(members or ())[:MAX_ITEMS]):
            if values.is_a(one, "Thread") and not values.is_a(one, *_ONCE):
                yield one
