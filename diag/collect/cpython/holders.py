"""Who holds a plain lock: the threads that are inside a `with` statement on it.

A fork child of multiprocessing never returns to the frames that called `_launch`
(multiprocessing/popen_fork.py): what they hold, nobody in the child holds.

A frame whose code names `release` may have given the lock away within the body.

A thread in `Condition.wait` has released the condition's lock, though it may be
in the body of a `with` on it.

One bare acquire() is known by heart, for it is in every program: until 3.12
`logging.Handler.handle` takes the handler's lock so before it calls `emit`.
"""

from collections.abc import Iterable

from diag.collect.cpython.exits import Exits
from diag.collect.cpython.frames import Frame, Frames, FrameUnreadableError
from diag.collect.cpython.mappings import Mappings, OddObjectError
from diag.collect.cpython.typenames import Types
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

_LOCK_TYPES = frozenset(("_thread.lock", "_thread.RLock"))
_RELEASE = "release"
_FORKING_FUNCTION = "_launch"
_HANDLING = ("handle", "emit")


def locks_held(
    memory: Memory,
    types: Types,
    frames: Frames,
    thread_state: int,
    version: tuple[int, int],
    *,
    forked: bool,
) -> frozenset[int]:
    """Return the addresses of the locks that a blocked thread holds, by `with` or for logging.

    What cannot be proven is left out.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    values = Values(memory, types, version)
    exits = Exits(memory, types, values, version)
    held: set[int] = set()
    released: set[int] = set()
    callee: Frame | None = None
    try:
        for frame in frames.of(thread_state):
            if forked and frame.code.name == _FORKING_FUNCTION:
                break
            held |= _lock_of_handler(values, types, frame, callee)
            callee = frame
            if _waits_on_condition(types, frame):
                released |= _locks_of(memory, types, frame.first_local, version)
            entered = _locks_entered(values, types, exits.entered(frame)) - released
            if entered and not _may_release(values, memory, frame, version):
                held |= entered
    except MemoryBudgetError:
        raise
    except (MemoryUnreadableError, FrameUnreadableError, OddObjectError):
        return frozenset(held)  # what was found further in stays true
    return frozenset(held)


def _locks_entered(values: Values, types: Types, entered: Iterable[int]) -> set[int]:
    """Return the locks among what a frame is inside of, a Condition standing for its own."""
    locks: set[int] = set()
    for address in entered:
        kind = types.of(address)
        is_condition = kind is not None and "Condition" in kind.lineage
        inner = values.attribute(address, "_lock") if is_condition else address
        if inner is not None:
            locks.add(inner)
    return locks


def _lock_of_handler(values: Values, types: Types, frame: Frame, callee: Frame | None) -> set[int]:
    """Return the lock of the handler of logging that is emitting a record, if one is."""
    if callee is None or (frame.code.name, callee.code.name) != _HANDLING:
        return set()
    handler = frame.first_local
    kind = types.of(handler) if handler and handler == callee.first_local else None
    if kind is None or "Handler" not in kind.lineage:
        return set()
    lock = values.attribute(handler, "lock")
    return {lock} if lock is not None else set()


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
