"""The chain of coroutines that a task has entered, by what each awaits.

A suspended coroutine has what it awaits on top of its frame's stack. Wrappers
(FutureIter, coroutine_wrapper, async_generator_asend) have theirs at +16.
"""

from collections.abc import Iterator

from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.frames import Frame, Frames
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory

MAX_DEPTH = 500
_SUSPENDABLE = ("coroutine", "generator", "async_generator")
_WRAPPERS = (
    "coroutine_wrapper",
    "async_generator_asend",
    "async_generator_athrow",
    "anext_awaitable",
)
_WRAPPED = 16


class Coroutines:
    """Follows the coroutines of one process."""

    def __init__(self, memory: Memory, values: Values, frames: Frames, layout: FrameLayout) -> None:
        self._memory = memory
        self._values = values
        self._frames = frames
        self._layout = layout

    def frame_of(self, coroutine: int) -> int:
        """Return the address of a coroutine's frame, 0 for none."""
        if not self._values.is_a(coroutine, *_SUSPENDABLE):
            return 0
        place = coroutine + self._layout.generator_frame
        return self._memory.u64(place) if self._layout.generator_points else place

    def chain(self, coroutine: int) -> Iterator[Frame]:
        """Yield the frames of a suspended coroutine and those that it awaits, outermost first.

        Raises:
            FrameUnreadableError: a frame is not what it should be.
            MemoryUnreadableError: one cannot be read.

        """
        for _ in range(MAX_DEPTH):
            coroutine = self._unwrapped(coroutine)
            address = self.frame_of(coroutine)
            frame = self._frames.at(address) if address else None
            if frame is None:
                return
            yield frame
            coroutine = self._frames.top_of(frame)

    def _unwrapped(self, address: int) -> int:
        while address and self._values.is_a(address, *_WRAPPERS):
            address = self._memory.u64(address + _WRAPPED)
        return address
