"""The process that copies the standard error of a command, and tells diag of known errors.

It holds nothing back and takes nothing away: bytes are passed on as they come, it waits
where the command itself would have waited, and ends with the last writer, whatever signals
the group of the command gets, or with the reader. diag may end long before.
"""

import os
import select
import socket
from collections.abc import Callable
from contextlib import suppress

from diag.collect.errorlines import ErrorLines
from diag.model.codec import encode_line

STDOUT, STDERR = 1, 2
PIECE_BYTES = 1 << 16
DRAINED = b"drained\n"
NAME = b"diag-stderr"


def copy(source: int, diag: socket.socket) -> None:
    """Copy a pipe to standard error until its end, or until nobody reads any more.

    In the latter case the pipe is closed as well, so that the command learns of it.
    """
    diag.settimeout(0.0)
    lines = ErrorLines()
    poll = select.poll()
    poll.register(source, select.POLLIN)
    poll.register(STDERR, 0)  # POLLERR: its reader is gone
    poll.register(diag, select.POLLIN)
    told = True
    while True:
        events = dict(poll.poll())
        if events.get(STDERR):
            return
        if told and events.get(diag.fileno()):
            told = False  # diag ends, or has ended
            poll.unregister(diag)
            if _drain(source, lines, _teller(diag)):
                return
            with suppress(OSError):
                diag.send(DRAINED)
        elif events.get(source) and not _pass_on(source, lines, _teller(diag) if told else _forget):
            return


def _drain(source: int, lines: ErrorLines, tell: Callable[[bytes], None]) -> bool:
    """Copy what is in the pipe now; return whether it has come to its end."""
    poll = select.poll()
    poll.register(source, select.POLLIN)
    while poll.poll(0):
        if not _pass_on(source, lines, tell):
            return True
    return False


def _pass_on(source: int, lines: ErrorLines, tell: Callable[[bytes], None]) -> bool:
    """Copy what has come; return whether there can be more."""
    piece = os.read(source, PIECE_BYTES)
    if not piece or not _write_all(piece):
        return False
    for line in lines.feed(piece):
        tell(encode_line(line))
    return True


def _write_all(piece: bytes) -> bool:
    """Write, and wait as the command itself would have; return whether anybody reads."""
    rest = memoryview(piece)
    while rest:
        try:
            rest = rest[os.write(STDERR, rest) :]
        except BlockingIOError:
            _wait_for_room()
        except OSError:
            return False
    return True


def _wait_for_room() -> None:
    """Wait until there is room: somebody has set the pipe not to block."""
    poll = select.poll()
    poll.register(STDERR, select.POLLOUT)
    poll.poll()


def _teller(diag: socket.socket) -> Callable[[bytes], None]:
    def tell(line: bytes) -> None:
        with suppress(OSError):  # diag does not take it, or has ended
            diag.send(line)

    return tell


def _forget(_line: bytes) -> None:
    """Tell nobody."""
