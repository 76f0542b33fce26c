"""What a blocked system call asks for: the terms in which `calls` and `polls` answer.

Everything is in the target's own terms: its descriptors, its pid namespace. Finding out
who is behind them is the work of `channels`, `filelocks` and `resolve`.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

from diag.collect.memory import MemoryUnreadableError
from diag.model.wait import Futex, WaitKind

_NS_PER_S = 1_000_000_000

Direction = Literal["read", "write"]


class Words(Protocol):
    """Memory of the target, as `diag.collect.memory.Memory` reads it."""

    def read(self, address: int, size: int) -> bytes:
        """Return exactly `size` bytes; raise MemoryUnreadableError."""

    def c_string(self, address: int, *, limit: int = 256) -> str:
        """Return a zero-terminated string; raise MemoryUnreadableError."""


class Awaited(NamedTuple):
    """A descriptor that a call waits on.

    Attributes:
        fd: its number.
        direction: what the call waits to do.
        polled: asked by poll, select or epoll, which also report a closed other end.

    """

    fd: int
    direction: Direction
    polled: bool = False


class Children(NamedTuple):
    """Which children a wait4 or waitid waits for: `number` is a pid, a group or a pidfd."""

    which: Literal["any", "pid", "group", "pidfd"]
    number: int = 0


class Opened(NamedTuple):
    """A path that is being opened; `directory` is the descriptor it is relative to, or None."""

    path: str
    directory: int | None
    direction: Direction


class Request(NamedTuple):
    """What a thread waits for; the fields of `diag.model.wait.Wait` as far as already known."""

    kind: WaitKind
    timed: bool = False
    deadline_s: float | None = None
    futex: Futex | None = None
    awaited: tuple[Awaited, ...] = ()
    epoll: int | None = None
    children: Children | None = None
    opened: Opened | None = None
    unknown: str | None = None


class Call(NamedTuple):
    """A system call of a blocked thread.

    Attributes:
        args: the six arguments, unsigned.
        memory: of the target.
        realtime_to_monotonic_s: what to add to CLOCK_REALTIME to get CLOCK_MONOTONIC.

    """

    args: tuple[int, ...]
    memory: Words
    realtime_to_monotonic_s: float

    def i32(self, index: int) -> int:
        """Return an argument of type int."""
        return ((self.args[index] & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000

    def deadline(self, address: int, *, realtime: bool) -> float | None:
        """Return the absolute timespec at `address` on CLOCK_MONOTONIC, None if unreadable."""
        try:
            data = self.memory.read(address, 16)
        except MemoryUnreadableError:
            return None
        seconds = int.from_bytes(data[:8], "little", signed=True)
        nanoseconds = int.from_bytes(data[8:], "little", signed=True)
        if not 0 <= nanoseconds < _NS_PER_S:
            return None
        at_s = seconds + nanoseconds / _NS_PER_S
        return at_s + self.realtime_to_monotonic_s if realtime else at_s


Reader = Callable[[Call], Request]


def unknown(reason: str) -> Request:
    """Say why a wait is not understood."""
    return Request(WaitKind.UNKNOWN, unknown=reason)
