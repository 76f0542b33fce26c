"""The locks that a frame is inside of, directly or by way of other context managers.

    threading.Condition         its own lock
    contextlib.contextmanager   what the generator, suspended in its `yield`, is inside of
    contextlib.ExitStack        what it has entered and will leave
    multiprocessing.Lock        its SemLock

A frame whose code names `release` may have given the lock away within the body; so may
one that names `push`, which puts an exit on an ExitStack that was never entered.
"""

from collections.abc import Iterator

from diag.collect.cpython.coroutines import Coroutines
from diag.collect.cpython.exits import Exits
from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.frames import Frame, Frames
from diag.collect.cpython.semaphores import TYPE_NAME as SEMLOCK
from diag.collect.cpython.typenames import Types
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory

LOCK_TYPES = frozenset(("_thread.lock", "_thread.RLock", SEMLOCK))
_SHARED = "SemLock"  # multiprocessing.synchronize
MAX_DEPTH = 5
_GENERATED, _STACK = "_GeneratorContextManager", "ExitStack"  # contextlib
_RELEASE, _PUSH = "release", "push"


class Entered:
    """Finds the locks of one process's frames.

    Attributes:
        types: of its objects.
        values: reads these.
        frames: reads its frames.

    Raises:
        MemoryUnreadableError: from any method: something could not be read.
        FrameUnreadableError: likewise.

    """

    def __init__(
        self, memory: Memory, types: Types, layout: FrameLayout, version: tuple[int, int]
    ) -> None:
        self.types = types
        self.values = Values(memory, types, version)
        self.frames = Frames(memory, types, layout)
        self._memory = memory
        self._version = version
        self._exits = Exits(memory, types, self.values, version)
        self._coroutines = Coroutines(memory, self.values, self.frames, layout)

    def locks(self, frame: Frame, depth: int = 0) -> set[int]:
        """Return the locks that a frame is surely inside of."""
        entered = list(self._exits.entered(frame))
        if not entered:
            return set()
        names = self.names(frame)
        if _RELEASE in names or None in names:
            return set()
        pushes = _PUSH in names
        return {lock for address in entered for lock in self._behind(address, depth, pushes=pushes)}

    def is_lock(self, address: int) -> bool:
        """Return whether there is a lock of `threading`, or the inside of a shared one."""
        return not LOCK_TYPES.isdisjoint(self._lineage(address))

    def lock_of(self, address: int) -> int:
        """Return what is under a lock of multiprocessing, anything else unchanged."""
        shared = _SHARED in self._lineage(address)
        return (self.values.attribute(address, "_semlock") or address) if shared else address

    def _lineage(self, address: int) -> tuple[str, ...]:
        kind = self.types.of(address)
        return kind.lineage if kind is not None else ()

    def _behind(self, address: int, depth: int, *, pushes: bool = False) -> Iterator[int]:
        """Yield the locks that are held while a context manager is entered."""
        kind = self.types.of(address)
        if kind is None or depth > MAX_DEPTH:
            return
        if not LOCK_TYPES.isdisjoint(kind.lineage):
            yield address
        elif "Condition" in kind.lineage:
            inner = self.values.attribute(address, "_lock")
            if inner is not None and "Condition" not in self._lineage(inner):
                yield from self._behind(inner, depth + 1)
        elif _SHARED in kind.lineage:
            inner = self.values.attribute(address, "_semlock")
            if inner is not None and self.is_lock(inner):
                yield inner
        elif _GENERATED in kind.lineage and (frame := self._generator_of(address)) is not None:
            yield from self.locks(frame, depth + 1)
        elif _STACK in kind.lineage and not pushes:
            for manager in self._on_stack(address):
                yield from self._behind(manager, depth + 1)

    def suspended(self, frame: Frame) -> Iterator[Frame]:
        """Yield the frames of the generators that a frame has entered as context managers."""
        for manager in self._exits.entered(frame):
            yield from self._suspended_in(manager, 0)

    def managers(self, frame: Frame) -> Iterator[int]:
        """Yield the context managers that a frame itself is inside of."""
        return self._exits.entered(frame)

    def _suspended_in(self, manager: int, depth: int) -> Iterator[Frame]:
        lineage = self._lineage(manager) if depth <= MAX_DEPTH else ()
        if _GENERATED in lineage and (frame := self._generator_of(manager)) is not None:
            yield frame
            for inner in self._exits.entered(frame):
                yield from self._suspended_in(inner, depth + 1)
        elif _STACK in lineage:
            for inner in self._on_stack(manager):
                yield from self._suspended_in(inner, depth + 1)

    def _generator_of(self, manager: int) -> Frame | None:
        generator = self.values.attribute(manager, "gen")
        place = self._coroutines.frame_of(generator) if generator is not None else 0
        return self.frames.at(place) if place else None

    def _on_stack(self, stack: int) -> Iterator[int]:
        callbacks = self.values.items(self.values.attribute(stack, "_exit_callbacks") or 0)
        for callback in callbacks or ():
            pair = self.values.items(callback) or ()
            manager = self._exits.bound_to_exit(pair[1]) if len(pair) == 2 else None
            if manager is not None:
                yield manager

    def names(self, frame: Frame) -> list[str | None]:
        """Return the names that a frame's code uses, None for what is not readable."""
        names = self.values.items(self._memory.u64(frame.code.address + _code_names(self._version)))
        return [None] if names is None else [self.values.text(name) for name in names]


def _code_names(version: tuple[int, int]) -> int:
    """Return the offset of co_names in a code object (Include/cpython/code.h)."""
    return 64 if version < (3, 11) else 32
