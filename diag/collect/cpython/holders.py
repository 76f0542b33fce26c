"""Who holds a plain lock: the threads that are inside a `with` statement on it.

A fork child of multiprocessing never returns to the frames that called `_launch`
(multiprocessing/popen_fork.py): what they hold, nobody in the child holds.

A thread in `Condition.wait` has released the condition's lock, though it may be
in the body of a `with` on it.

One bare acquire() is known by heart, for it is in every program: until 3.12
`logging.Handler.handle` takes the handler's lock so before it calls `emit`.
"""

from diag.collect.cpython.entered import Entered
from diag.collect.cpython.frames import Frame, FrameUnreadableError
from diag.collect.cpython.mappings import OddObjectError
from diag.collect.cpython.typenames import Types
from diag.collect.memory import MemoryBudgetError, MemoryUnreadableError

FORKING_FUNCTION = "_launch"
_HANDLING = ("handle", "emit")


def locks_held(entered: Entered, thread_state: int, *, forked: bool) -> frozenset[int]:
    """Return the addresses of the locks that a blocked thread holds, by `with` or for logging.

    What cannot be proven is left out.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    held: set[int] = set()
    released: set[int] = set()
    callee: Frame | None = None
    try:
        for frame in entered.frames.of(thread_state):
            if forked and frame.code.name == FORKING_FUNCTION:
                break
            held |= _lock_of_handler(entered, frame, callee)
            callee = frame
            if _waits_on_condition(entered.types, frame):
                released |= _locks_of(entered, frame.first_local)
            held |= entered.locks(frame) - released
    except MemoryBudgetError:
        raise
    except (MemoryUnreadableError, FrameUnreadableError, OddObjectError):
        return frozenset(held)  # what was found further in stays true
    return frozenset(held)


def _lock_of_handler(entered: Entered, frame: Frame, callee: Frame | None) -> set[int]:
    """Return the lock of the handler of logging that is emitting a record, if one is."""
    if callee is None or (frame.code.name, callee.code.name) != _HANDLING:
        return set()
    handler = frame.first_local
    kind = entered.types.of(handler) if handler and handler == callee.first_local else None
    if kind is None or "Handler" not in kind.lineage:
        return set()
    lock = entered.values.attribute(handler, "lock")
    return {lock} if lock is not None else set()


def _waits_on_condition(types: Types, frame: Frame) -> bool:
    if frame.code.name != "wait":
        return False
    kind = types.of(frame.first_local) if frame.first_local else None
    if kind is None:
        raise OddObjectError("a frame `wait` without an object")
    return "Condition" in kind.lineage


def _locks_of(entered: Entered, condition: int) -> frozenset[int]:
    """Return the locks among a condition's attributes: one of them is the one it releases."""
    found = frozenset(
        address
        for address in map(entered.lock_of, entered.values.attributes(condition).values())
        if entered.is_lock(address)
    )
    if not found:
        raise OddObjectError("a Condition without a lock that is known")
    return found
