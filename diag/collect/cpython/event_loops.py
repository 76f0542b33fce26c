"""The event loop of asyncio that a thread runs: what is ready, which timer is next."""

from collections.abc import Sequence

from diag.collect.cpython.awaits import Step
from diag.collect.cpython.slots import float_at, slot_of
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError
from diag.model.aio import Loop

_RUN, _RUN_ONCE = "_run", "_run_once"
_EVENTS, _BASE = "/asyncio/events.py", "/asyncio/base_events.py"


def read_loop(
    memory: Memory, values: Values, steps: Sequence[Step], task: int | None
) -> Loop | None:
    """Return the loop that a thread runs, None if it is none of asyncio's own.

    Args:
        memory: of its process.
        values: reads the objects of its process.
        steps: the thread's frames, innermost first.
        task: the task that it runs.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    callback = None
    for frame, file in steps:
        if frame.code.name == _RUN and file.endswith(_EVENTS):
            callback = frame.first_local  # of Handle._run
        if frame.code.name == _RUN_ONCE and file.endswith(_BASE):
            return _loop(memory, values, frame.first_local, callback, task)
    return None


def _loop(
    memory: Memory, values: Values, address: int, callback: int | None, task: int | None
) -> Loop:
    known = values.attributes(address)
    scheduled = known.get("_scheduled", 0)
    return Loop(
        address=address,
        ready=values.length(known.get("_ready", 0)),
        timers=values.length(scheduled),
        next_deadline_s=_deadline(memory, values, scheduled),
        callback=callback,
        task=task,
    )


def _deadline(memory: Memory, values: Values, scheduled: int) -> float | None:
    """Return when the first timer of the heap is due; loops keep time by CLOCK_MONOTONIC."""
    first = next(iter(values.items(scheduled) or ()), None)
    if first is None:
        return None
    try:
        when = slot_of(memory, first, "_when")
        if when is None or not values.is_a(when, "float"):
            return None
        return float_at(memory, when)
    except MemoryBudgetError:
        raise
    except MemoryUnreadableError:
        return None  # it changed meanwhile
