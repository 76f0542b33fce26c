"""What poll, select and epoll wait for: the descriptors in the target's memory."""

import struct
from collections.abc import Callable, Iterator

from diag.collect.memory import MemoryUnreadableError
from diag.collect.requests import Awaited, Call, Direction, Reader, Request, unknown
from diag.model.wait import WaitKind

_POLLFD = struct.Struct("<ihh")
# linux/eventpoll.h and asm-generic/poll.h share these bits
_OUT = 0x0004 | 0x0100 | 0x0200  # POLLOUT, POLLWRNORM, POLLWRBAND
_IN = 0x0001 | 0x0002 | 0x0040 | 0x0080 | 0x2000  # IN, PRI, RDNORM, RDBAND, RDHUP
_MAX_FDS = 1 << 16


def directions(events: int) -> tuple[Direction, ...]:
    """Return what a mask of events waits for; an empty mask still reports a hang-up."""
    if not events & _OUT:
        return ("read",)
    return ("read", "write") if events & _IN else ("write",)


def read_poll(call: Call, *, timed: bool) -> Request:
    """Read the array of pollfd at argument 0, its length at argument 1."""
    count = call.args[1] & 0xFFFFFFFF
    if count > _MAX_FDS:
        return _unread(f"{count} descriptors are too many to read", timed=timed)
    try:
        array = call.memory.read(call.args[0], count * _POLLFD.size) if count else b""
    except MemoryUnreadableError:
        return _unread("the descriptors of poll() could not be read", timed=timed)
    awaited = tuple(
        Awaited(fd, direction, polled=True)
        for fd, events, _ in _POLLFD.iter_unpack(array)
        if fd >= 0
        for direction in directions(events & 0xFFFF)
    )
    return _polled(awaited, timed=timed)


def read_select(call: Call) -> Request:
    """Read the descriptor sets at arguments 1 to 3, argument 0 bits each."""
    count, timed = call.i32(0), call.args[4] != 0
    if count > _MAX_FDS:
        return _unread(f"{count} descriptors are too many to read", timed=timed)
    sets: tuple[tuple[int, Direction], ...] = (
        (call.args[1], "read"),
        (call.args[2], "write"),
        (call.args[3], "read"),  # exceptional conditions come from the sender
    )
    try:
        awaited = tuple(
            Awaited(fd, direction, polled=True)
            for address, direction in sets
            if address and count > 0
            for fd in _bits(call.memory.read(address, (count + 63) // 64 * 8), count)
        )
    except MemoryUnreadableError:
        return _unread("the descriptors of select() could not be read", timed=timed)
    return _polled(awaited, timed=timed)


def _polled(awaited: tuple[Awaited, ...], *, timed: bool) -> Request:
    if awaited:
        return Request(WaitKind.POLL, timed=timed, awaited=awaited)
    # Nothing to wait for but the time-out; without one, a signal.
    return Request(WaitKind.SLEEP if timed else WaitKind.SIGNAL, timed=timed)


def _unread(reason: str, *, timed: bool) -> Request:
    return unknown(reason)._replace(kind=WaitKind.POLL, timed=timed)


def _bits(words: bytes, count: int) -> Iterator[int]:
    mask = int.from_bytes(words, "little") & ((1 << count) - 1)
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _epoll(timed: Callable[[Call], bool]) -> Reader:
    def read(call: Call) -> Request:
        return Request(WaitKind.POLL, timed=timed(call), epoll=call.i32(0))

    return read


READERS: dict[str, Reader] = {
    "poll": lambda call: read_poll(call, timed=call.i32(2) >= 0),
    "ppoll": lambda call: read_poll(call, timed=call.args[2] != 0),
    "select": read_select,
    "pselect6": read_select,
    "epoll_wait": _epoll(lambda call: call.i32(3) >= 0),
    "epoll_pwait": _epoll(lambda call: call.i32(3) >= 0),
    "epoll_pwait2": _epoll(lambda call: call.args[3] != 0),
}
