"""The futures and tasks of asyncio, as their C implementation keeps them.

Offsets in `_asyncio.Future` and `_asyncio.Task` (Modules/_asynciomodule.c,
measured): loop* 16, the first callback* 24, further callbacks* 40; the others
differ by version, see `LAYOUTS`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from diag.collect.cpython.values import Values
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

FUTURE, TASK = "_asyncio.Future", "_asyncio.Task"
MAX_CALLBACKS = 50
_LOOP, _CALLBACK, _CALLBACKS = 16, 24, 40
_PENDING = 0
_CELL = 16


class Layout(NamedTuple):
    """Byte offsets in a future, and in a task."""

    state: int
    waiter: int
    coroutine: int
    name: int


LAYOUTS: dict[tuple[int, int], Layout] = {
    (3, 9): Layout(80, 144, 152, 160),
    (3, 10): Layout(88, 152, 160, 168),
    (3, 11): Layout(88, 128, 136, 144),
    (3, 12): Layout(88, 128, 136, 144),
    (3, 13): Layout(96, 112, 120, 128),
    (3, 14): Layout(104, 120, 128, 136),
    (3, 15): Layout(104, 120, 128, 136),
}


class Futures:
    """Reads the futures of one process.

    Raises:
        MemoryBudgetError: from any method: the process has used up what it was allowed.

    """

    def __init__(self, memory: Memory, values: Values, version: tuple[int, int]) -> None:
        self._memory = memory
        self._values = values
        self._layout = LAYOUTS[version]
        self._closure = 48 if version <= (3, 9) else 72  # in a function

    def is_task(self, address: int | None) -> bool:
        """Return whether there is a task there."""
        return self._values.is_a(address, TASK)

    def is_pending(self, address: int) -> bool:
        """Return whether a future or task has no result yet."""
        return self._memory.i32(address + self._layout.state) == _PENDING

    def loop_of(self, address: int) -> int:
        """Return the loop of a future or task."""
        return self._memory.u64(address + _LOOP)

    def coroutine_of(self, task: int) -> int:
        """Return what a task runs, 0 for nothing."""
        return self._memory.u64(task + self._layout.coroutine)

    def awaited_by(self, task: int) -> int | None:
        """Return the future that a task awaits, None if it awaits none."""
        waiter = self._memory.u64(task + self._layout.waiter)
        return waiter if self._values.is_a(waiter, FUTURE, TASK) else None

    def name_of(self, task: int) -> str | None:
        """Return a task's name; from 3.12 on the number of "Task-3" may be kept alone."""
        name = self._memory.u64(task + self._layout.name)
        number = self._values.integer(name)
        return self._values.text(name) if number is None else f"Task-{number}"

    def linked(self, address: int) -> Iterator[int]:
        """Yield the futures that the callbacks of a future lead to by their closures.

        `_chain_future` of asyncio/futures.py ties futures of asyncio and of
        `concurrent.futures` together in this way, `shield` those of asyncio.
        """
        for callback in self._callbacks(address):
            for variable in self._variables(callback):
                if variable != address and self._values.is_a(variable, FUTURE, TASK, "Future"):
                    yield variable

    def _callbacks(self, address: int) -> Iterator[int]:
        first = self._memory.u64(address + _CALLBACK)
        if first:
            yield first
        more = self._memory.u64(address + _CALLBACKS)
        for pair in (self._values.items(more) or ())[:MAX_CALLBACKS] if more else ():
            yield (self._values.items(pair) or (0,))[0]

    def _variables(self, function: int) -> Iterator[int]:
        if not self._values.is_a(function, "function"):
            return
        try:
            closure = self._memory.u64(function + self._closure)
            cells = self._values.items(closure) if closure else None
            for cell in cells or ():
                if self._values.is_a(cell, "cell"):
                    yield self._memory.u64(cell + _CELL)
        except MemoryBudgetError:
            raise
        except MemoryUnreadableError:
            return
