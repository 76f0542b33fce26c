"""Known error lines on the standard error of a command, without getting in its way.

A terminal is left alone: with a pipe in between the command would not write to a
terminal any more. So are sockets (a program may ask whether it writes to the journal)
and devices. A file is read behind the command's back. Only a pipe cannot be read
without taking from its reader: there the command writes to a pipe of diag's, and a
process of its own copies that. It outlives diag, so `kill -9` of diag costs the
command nothing.
"""

import os
import select
import socket
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress

import msgspec

from diag.collect.errorlines import ErrorLines
from diag.model.errorline import ErrorLine
from diag.watching.aside import fork_aside
from diag.watching.relay import DRAINED, NAME, PIECE_BYTES, STDERR, STDOUT, copy

FINISH_WITHIN_S = 10.0  # a reader that is slower than that gets the rest all the same
_MOST_AT_ONCE = 1 << 20  # of a file, in one pass


class ErrorSource:
    """Where error lines come from; this one is for a standard error that is not looked at.

    Attributes:
        file_actions: with which the command is started (posix_spawn).
        pid: of the process that helps, 0 without one.

    """

    file_actions: tuple[tuple[int, int, int], ...] = ()
    pid = 0

    def started(self) -> None:
        """Take that the command has been started."""

    def fileno(self) -> int:
        """Return a descriptor that is readable when there may be lines, -1 without one."""
        return -1

    def take(self) -> tuple[ErrorLine, ...]:
        """Return the lines since the last call."""
        return ()

    def skip(self) -> None:
        """Take no notice of what diag itself has written since the last call."""

    def finish(self) -> tuple[ErrorLine, ...]:
        """Wait until all that was written is where it belongs; return the last lines, once."""
        return ()


class ReadBehind(ErrorSource):
    """Reads the file that standard error goes to, from where it ends now.

    Raises:
        OSError: it cannot be opened for reading.

    """

    def __init__(self) -> None:
        self._fd = os.open(f"/proc/self/fd/{STDERR}", os.O_RDONLY | os.O_CLOEXEC)
        self._lines = ErrorLines()
        self._at = self._end()

    def take(self) -> tuple[ErrorLine, ...]:
        """Return the lines since the last call."""
        end = self._end()
        if end < self._at:
            self._at = 0  # it was truncated
        self._at = max(self._at, end - _MOST_AT_ONCE)
        found: list[ErrorLine] = []
        while piece := os.pread(self._fd, PIECE_BYTES, self._at):
            self._at += len(piece)
            found += self._lines.feed(piece)
        return tuple(found)

    def skip(self) -> None:
        """Go to the end of the file."""
        self._at = self._end()

    def finish(self) -> tuple[ErrorLine, ...]:
        """Return the last lines."""
        if self._fd < 0:
            return ()
        found = self.take()
        os.close(self._fd)
        self._fd = -1
        return found

    def _end(self) -> int:
        return os.fstat(self._fd).st_size


class Relay(ErrorSource):
    """Copies a pipe in a process of its own, which tells of the error lines in it.

    To be made while diag has one thread: it forks.
    """

    def __init__(self) -> None:
        source, sink = os.pipe2(os.O_CLOEXEC)
        self._ours, theirs = socket.socketpair()
        kept = (source, STDERR, theirs.fileno())
        self.pid = fork_aside(NAME, lambda: copy(source, theirs), keep=kept)
        os.close(source)
        theirs.close()
        self._ours.settimeout(0.0)
        self._sink, self._rest, self._drained, self._ended = sink, b"", False, False
        self.file_actions = tuple(
            (os.POSIX_SPAWN_DUP2, sink, number) for number in _same_as_stderr()
        )

    def started(self) -> None:
        """Leave the pipe to the command."""
        os.close(self._sink)

    def fileno(self) -> int:
        """Return the descriptor by which the relay tells of lines, -1 once it has ended."""
        return -1 if self._ended else self._ours.fileno()

    def take(self) -> tuple[ErrorLine, ...]:
        """Return the lines since the last call."""
        while not self._ended:
            try:
                piece = self._ours.recv(PIECE_BYTES)
            except BlockingIOError:
                break
            except ConnectionError:
                piece = b""
            self._ended = not piece
            self._rest += piece
        whole, newline, self._rest = self._rest.rpartition(b"\n")
        return tuple(self._decode(whole + newline))

    def finish(self) -> tuple[ErrorLine, ...]:
        """Wait until the relay has written all that has come by now; return the last lines."""
        if self._ours.fileno() < 0:
            return ()
        with suppress(OSError):  # the relay has ended
            self._ours.shutdown(socket.SHUT_WR)
        found: list[ErrorLine] = [*self.take()]
        while not self._drained and not self._ended and _readable(self._ours, FINISH_WITHIN_S):
            found += self.take()
        if self._ended and not self._drained:
            os.waitpid(self.pid, 0)
        self._ours.close()
        self._ended = True
        return tuple(found)

    def _decode(self, text: bytes) -> Iterator[ErrorLine]:
        for line in text.splitlines(keepends=True):
            if line == DRAINED:
                self._drained = True
            else:
                yield msgspec.json.decode(line, type=ErrorLine)


def open_errors() -> ErrorSource:
    """Return what can be done about standard error as it is."""
    try:
        kind = os.fstat(STDERR).st_mode
        if stat.S_ISFIFO(kind):
            return Relay()
        return ReadBehind() if stat.S_ISREG(kind) else ErrorSource()
    except OSError:  # it is closed, or diag may write to it and not read
        return ErrorSource()


def _same_as_stderr() -> Iterable[int]:
    """Return standard error, and standard output if it is the same: both keep their order."""
    with suppress(OSError):  # standard output is closed
        if os.path.sameopenfile(STDOUT, STDERR):
            return (STDOUT, STDERR)
    return (STDERR,)


def _readable(ours: socket.socket, wait_s: float) -> bool:
    poll = select.poll()
    poll.register(ours, select.POLLIN)
    return bool(poll.poll(wait_s * 1000))
