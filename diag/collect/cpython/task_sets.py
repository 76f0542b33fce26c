"""Where the interpreter keeps its tasks of asyncio.

Lib/asyncio/tasks.py, Modules/_asynciomodule.c, measured:

    3.9-3.11   WeakSet `_all_tasks` of asyncio.tasks
    3.12-3.13  WeakSet `_scheduled_tasks`, set `_eager_tasks`
    3.14-3.15  a list in each thread state, linked through the tasks; in the WeakSet
               `_scheduled_tasks` only those that are no `_asyncio.Task`
"""

from collections.abc import Iterator

from diag.collect.cpython.values import Values
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

MAX_TASKS = 5000
_LISTS = {(3, 14): 0x370, (3, 15): 0x418}  # in a thread state: of its list of tasks
_NODE = 152  # in a task: of its links
_SETS = ("_all_tasks", "_scheduled_tasks", "_eager_tasks")


def tasks_of_thread(memory: Memory, state: int, version: tuple[int, int]) -> Iterator[int]:
    """Yield addresses of what should be tasks from the list of a thread state, if it has one.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    if version not in _LISTS:
        return
    head = state + _LISTS[version]
    before = head
    for _ in range(MAX_TASKS):
        try:
            node = memory.u64(before)
            if node == head or memory.u64(node + 8) != before:
                return
        except MemoryBudgetError:
            raise
        except MemoryUnreadableError:
            return  # it changed meanwhile
        before = node
        yield node - _NODE


def tasks_of_module(values: Values, namespace: int) -> Iterator[int]:
    """Yield addresses of what should be tasks from the sets of the module asyncio.tasks.

    Args:
        values: reads the objects of the process.
        namespace: globals of a module of asyncio that imports `tasks`.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    module = values.entry(namespace, "tasks")
    own = values.namespace(module) if module else None
    for name, held in (values.pairs(own) if own else None) or ():
        if values.text(name) not in _SETS:
            continue
        members = values.items(values.attribute(held, "data") or held) or ()
        for member in members[:MAX_TASKS]:
            yield values.referent(member) or member
