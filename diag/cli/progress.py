"""What diag is doing, on standard error, when it takes long and somebody watches."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from diag.render.escape import visible

QUIET_S = 1.0
_CLEAR_LINE = "\r\x1b[K"


class Progress:
    """One line on a terminal, written over and over; nothing elsewhere.

    A context manager that clears its line at the end.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet_s: float = QUIET_S) -> None:
        self._stream = stream or sys.stderr
        self._quiet_until_s = time.monotonic() + quiet_s
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._shown:
            self._write(_CLEAR_LINE)

    def say(self, text: str) -> None:
        """Show what is being done now, unless all has been quick so far."""
        if time.monotonic() >= self._quiet_until_s and self._stream.isatty():
            self._shown = True
            self._write(f"{_CLEAR_LINE}{visible(text)[:78]}")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
