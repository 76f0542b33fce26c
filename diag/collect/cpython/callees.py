"""What a frame is calling, or works on, as far as its value stack tells.

What is called lies at the bottom of the stack of a statement (above a null on 3.11 and
3.12). Slots are read live or not: a name found there may be that of an earlier call.
"""

from collections.abc import Iterable

from diag.collect.cpython.layout import TYPE_NAME
from diag.collect.cpython.typenames import TypeFacts
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory

# What lies at the bottom of a stack during a call, or beneath it in a `for`.
CALLED = frozenset(
    (
        "builtin_function_or_method",
        "method_descriptor",
        "method",
        "function",
        "type",
        "wrapper_descriptor",
        "method-wrapper",
        "classmethod_descriptor",
        "functools.partial",
        "generator",
        "enumerate",
        "zip",
        "map",
        "filter",
        "reversed",
    )
)
_IN_PYTHON = frozenset(("function", "method", "generator"))
_DEFINITION = {"builtin_function_or_method": 16, "method_descriptor": 40}  # PyMethodDef*
# Types whose names have a dot as those of C extensions, and whose state is looked at.
_KNOWN = frozenset(
    (
        "_thread.lock",
        "_thread.RLock",
        "_queue.SimpleQueue",
        "_multiprocessing.SemLock",
        "collections.deque",
        "collections.OrderedDict",
        "collections.defaultdict",
        "time.struct_time",
        "os.stat_result",
        "posix.stat_result",
        "functools.partial",
        "_thread._local",
        "select.poll",
        "select.epoll",
    )
)
_HIDDEN = frozenset(("bytearray", "memoryview", "map", "filter", "zip", "enumerate", "reversed"))


def is_call(kind: TypeFacts) -> bool:
    """Return whether an object of this type at the bottom of a stack is called or iterated."""
    return not CALLED.isdisjoint(kind.lineage) or "iter" in kind.name


def callee(memory: Memory, values: Values, slots: Iterable[int]) -> str | None:
    """Return the name of the C function at the bottom of a stack.

    None if there is no call, or one of Python code, which has a frame of its own.

    Raises:
        MemoryUnreadableError: it cannot be read.

    """
    bottom = next((slot for slot in slots if slot), 0)
    kind = values.type_of(bottom) if bottom else None
    if kind is None or CALLED.isdisjoint(kind.lineage) or not _IN_PYTHON.isdisjoint(kind.lineage):
        return None
    if kind.name in _DEFINITION:
        definition = memory.u64(bottom + _DEFINITION[kind.name])
        return memory.c_string(memory.u64(definition), limit=64)
    if kind.name == "type":
        return memory.c_string(memory.u64(bottom + TYPE_NAME), limit=64)
    return kind.name


def hidden_state(values: Values, slots: Iterable[int]) -> str | None:
    """Return the type of an object on a stack whose changes cannot be seen, None for none."""
    for slot in slots:
        kind = values.type_of(slot) if slot else None
        if kind is None or not kind.genuine:
            continue
        for name in kind.lineage:
            if name in _HIDDEN or ("." in name and name not in _KNOWN and "iter" not in name):
                return name
    return None
