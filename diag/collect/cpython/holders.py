"""Who holds a plain lock: the threads that are inside a `with` statement on it.

While a frame is in the body of `with X`, CPython keeps X's exit on that frame's
value stack: a bound method up to 3.13, the method and the object from 3.14 on.
Only slots that an exception handler would still find count: slots above are not
cleared, and a thread that still waits to enter has its own exit there.

A fork child of multiprocessing never returns to the frames that called `_launch`
(multiprocessing/popen_fork.py): what they hold, nobody in the child holds.

A frame whose code names `release` may have given the lock away within the body.

A thread in `Condition.wait` has released the condition's lock, though it may be
in the body of a `with` on it.
"""

import struct
from collections.abc import Iterator

from diag.collect.cpython.frames import Frame, Frames, FrameUnreadableError
from diag.collect.cpython.mappings import Mappings, OddObjectError
from diag.collect.cpython.typenames import Types
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

_LOCK_TYPES = frozenset(("_thread.lock", "_thread.RLock"))
_BOUND_TYPE = "builtin_function_or_method"
_UNBOUND_TYPE = "method_descriptor"
_BOUND_DEFINITION = 16  # PyCFunctionObject: m_ml +16, m_self +24
_UNBOUND_DEFINITION = 40  # PyMethodDescrObject: d_method
_EXIT = "__exit__"
_RELEASE = "release"
_FORKING_FUNCTION = "_launch"


def locks_held(
    memory: Memory,
    types: Types,
    frames: Frames,
    thread_state: int,
    version: tuple[int, int],
    *,
    forked: bool,
) -> frozenset[int]:
    """Return the addresses of the locks that a blocked thread holds by `with`.

    What cannot be proven is left out.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    values = Values(memory, types, version)
    held: set[int] = set()
    released: set[int] = set()
    try:
        for frame in frames.of(thread_state):
            if forked and frame.code.name == _FORKING_FUNCTION:
                break
            if _waits_on_condition(types, frame):
                released |= _locks_of(memory, types, frame.first_local, version)
            entered = set(_entered(memory, types, frame, pair=version >= (3, 14))) - released
            if entered and not _may_release(values, memory, frame, version):
                held |= entered
    except MemoryBudgetError:
        raise
    except (MemoryUnreadableError, FrameUnreadableError, OddObjectError):
        return frozenset(held)  # what was found further in stays true
    return frozenset(held)


def _waits_on_condition(types: Types, frame: Frame) -> bool:
    if frame.code.name != "wait":
        return False
    kind = types.of(frame.first_local) if frame.first_local else None
    if kind is None:
        raise OddObjectError("a frame `wait` without an object")
    return "Condition" in kind.lineage


def _locks_of(
    memory: Memory, types: Types, condition: int, version: tuple[int, int]
) -> frozenset[int]:
    """Return the locks among a condition's attributes: one of them is the one it releases."""
    found = frozenset(
        address
        for _, address in Mappings(memory, version).attributes(condition)
        if _is_lock(types, address)
    )
    if not found:
        raise OddObjectError("a Condition without a lock that is known")
    return found


def _may_release(values: Values, memory: Memory, frame: Frame, version: tuple[int, int]) -> bool:
    """Whether the code of a frame has `release` among its names, or they cannot be read."""
    names = values.items(memory.u64(frame.code.address + _code_names(version)))
    texts = [values.text(name) for name in names or ()]
    return names is None or _RELEASE in texts or None in texts


def _code_names(version: tuple[int, int]) -> int:
    """Return the offset of co_names in a code object (Include/cpython/code.h)."""
    return 64 if version < (3, 11) else 32


def _is_lock(types: Types, address: int) -> bool:
    kind = types.of(address)
    return kind is not None and not _LOCK_TYPES.isdisjoint(kind.lineage)


def _entered(memory: Memory, types: Types, frame: Frame, *, pair: bool) -> Iterator[int]:
    """Yield the objects whose exit method is on the live part of a frame's stack."""
    for index, slot in enumerate(frame.stack):
        kind = types.of(slot) if slot else None
        if kind is None:
            continue
        if pair and kind.name == _UNBOUND_TYPE and index + 1 < len(frame.stack):
            if _is_exit(memory, slot + _UNBOUND_DEFINITION):
                yield frame.stack[index + 1]
        elif not pair and kind.name == _BOUND_TYPE and _is_exit(memory, slot + _BOUND_DEFINITION):
            yield memory.u64(slot + _BOUND_DEFINITION + 8)


def _is_exit(memory: Memory, definition: int) -> bool:
    """Return whether a PyMethodDef, whose address is at `definition`, is that of __exit__."""
    (name,) = struct.unpack("<Q", memory.read(memory.u64(definition), 8))
    return memory.c_string(name, limit=16) == _EXIT
