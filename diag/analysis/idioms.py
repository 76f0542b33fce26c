"""What a blocked thread is doing in the terms of the standard library, read off its frames.

An idiom is a name, never a proof: it chooses words, and it makes the judgement
more careful where a wait is one that programs use on purpose.
"""

from enum import StrEnum

from diag.analysis.frames import is_library
from diag.model.stack import Frame, Stack


class Idiom(StrEnum):
    """What the innermost frames say that a thread waits for."""

    EVENT = "event"
    CONDITION = "condition"
    FUTURE = "future"
    QUEUE_GET = "queue-get"
    QUEUE_PUT = "queue-put"
    QUEUE_JOIN = "queue-join"
    SEMAPHORE = "semaphore"
    BARRIER = "barrier"
    JOIN = "join"
    IMPORT = "import"
    EVENT_LOOP = "event-loop"
    CHILD = "child"
    LOCK = "lock"  # nothing above it is known: the frame itself takes a lock
    NO_STACK = "no-stack"


# Waits in which a healthy program may leave its main thread for ever. Without a
# stack it cannot be told, so it may be one of them.
PARKING = frozenset({Idiom.EVENT, Idiom.NO_STACK})
# Waits in which a healthy program may leave any thread while it has nothing to do.
IDLING = PARKING | {
    Idiom.CONDITION,
    Idiom.QUEUE_GET,
    Idiom.JOIN,
    Idiom.CHILD,
    Idiom.EVENT_LOOP,
}

# File ending, bare function name -> idiom; the outermost match of the innermost
# frames wins, since Event.wait stands on Condition.wait.
_SIGNS: dict[tuple[str, str], Idiom] = {
    ("threading.py", "wait"): Idiom.CONDITION,
    ("threading.py", "wait_for"): Idiom.CONDITION,
    ("threading.py", "_wait"): Idiom.BARRIER,
    ("threading.py", "join"): Idiom.JOIN,
    ("threading.py", "_wait_for_tstate_lock"): Idiom.JOIN,
    ("threading.py", "_shutdown"): Idiom.JOIN,
    ("threading.py", "acquire"): Idiom.SEMAPHORE,
    ("concurrent/futures/_base.py", "result"): Idiom.FUTURE,
    ("concurrent/futures/_base.py", "exception"): Idiom.FUTURE,
    ("concurrent/futures/_base.py", "wait"): Idiom.FUTURE,
    ("concurrent/futures/_base.py", "as_completed"): Idiom.FUTURE,
    ("concurrent/futures/_base.py", "result_iterator"): Idiom.FUTURE,
    ("concurrent/futures/_base.py", "_result_or_cancel"): Idiom.FUTURE,
    ("concurrent/futures/process.py", "_chain_from_iterable_of_lists"): Idiom.FUTURE,
    ("multiprocessing/pool.py", "wait"): Idiom.FUTURE,
    ("multiprocessing/pool.py", "get"): Idiom.FUTURE,
    ("multiprocessing/pool.py", "next"): Idiom.FUTURE,
    ("queue.py", "get"): Idiom.QUEUE_GET,
    ("queue.py", "put"): Idiom.QUEUE_PUT,
    ("queue.py", "join"): Idiom.QUEUE_JOIN,
    ("multiprocessing/queues.py", "get"): Idiom.QUEUE_GET,
    ("multiprocessing/queues.py", "put"): Idiom.QUEUE_PUT,
    ("multiprocessing/queues.py", "join"): Idiom.QUEUE_JOIN,
    ("multiprocessing/process.py", "join"): Idiom.CHILD,
    ("multiprocessing/popen_fork.py", "poll"): Idiom.CHILD,
    ("multiprocessing/popen_fork.py", "wait"): Idiom.CHILD,
    ("multiprocessing/synchronize.py", "__enter__"): Idiom.LOCK,
    ("multiprocessing/synchronize.py", "wait"): Idiom.CONDITION,
    ("multiprocessing/synchronize.py", "wait_for"): Idiom.CONDITION,
    ("subprocess.py", "wait"): Idiom.CHILD,
    ("subprocess.py", "_wait"): Idiom.CHILD,
    ("subprocess.py", "_try_wait"): Idiom.CHILD,
    ("selectors.py", "select"): Idiom.EVENT_LOOP,
    ("asyncio/base_events.py", "_run_once"): Idiom.EVENT_LOOP,
    ("asyncio/base_events.py", "run_forever"): Idiom.EVENT_LOOP,
    ("concurrent/futures/thread.py", "_worker"): Idiom.QUEUE_GET,
}
_CLASSES: dict[tuple[str, str], Idiom] = {
    ("threading.py", "Event.wait"): Idiom.EVENT,
    ("threading.py", "Barrier.wait"): Idiom.BARRIER,
    ("multiprocessing/synchronize.py", "Event.wait"): Idiom.EVENT,
}


def idiom_of(stack: Stack | None) -> Idiom:
    """Return the idiom of the innermost standard library frames of a stack."""
    if stack is None or not stack.frames:
        return Idiom.NO_STACK
    found = Idiom.LOCK
    if _takes_inner_lock(stack.frames[0]):
        return found
    for frame in stack.frames:
        sign = _sign(frame)
        if sign is None:
            return found
        found = _outer(found, sign, frame)
    return found


def _takes_inner_lock(innermost: Frame) -> bool:
    """Whether it waits for the lock in an object: who waits for the object is in threading.py."""
    return is_library(innermost) and any(
        tail in ("queue.py", "concurrent/futures/_base.py") for tail in _tails(innermost.file)
    )


def is_called_by_library(stack: Stack | None) -> bool:
    """Return whether an event is waited for by the standard library, not by its user."""
    for frame in stack.frames if stack is not None else ():
        if _sign(frame) not in (Idiom.EVENT, Idiom.CONDITION):
            return is_library(frame)
    return False


def is_entering_shared_lock(stack: Stack | None) -> bool:
    """Return whether a thread waits to enter a `with` on a lock of multiprocessing."""
    if stack is None or not stack.frames:
        return False
    innermost = stack.frames[0]
    shared = is_library(innermost) and innermost.file.endswith("multiprocessing/synchronize.py")
    return shared and innermost.bare_name == "__enter__"


def _outer(found: Idiom, sign: Idiom, frame: Frame) -> Idiom:
    """Let an outer frame name what an inner one only serves."""
    # Before 3.11 frames carry no class: a wait() that calls Condition.wait() is
    # Event.wait (or Barrier's), since Condition.wait calls no other wait().
    if sign is Idiom.CONDITION and found is Idiom.CONDITION and frame.bare_name == "wait":
        return Idiom.EVENT
    return found if found is Idiom.BARRIER and sign is Idiom.CONDITION else sign


def _sign(frame: Frame) -> Idiom | None:
    if frame.file.startswith("<frozen importlib"):
        return Idiom.IMPORT
    if not is_library(frame):
        return None
    for tail in _tails(frame.file):
        for table, name in ((_CLASSES, frame.function), (_SIGNS, frame.bare_name)):
            if (tail, name) in table:
                return table[tail, name]
    return None


def _tails(file: str) -> tuple[str, ...]:
    parts = file.rsplit("/", 3)
    return tuple("/".join(parts[-count:]) for count in range(1, len(parts)))
