"""What diag is doing, on standard error, when it takes long and somebody watches."""

import sys
import threading
from types import TracebackType
from typing import Self, TextIO

from diag.render.escape import visible

QUIET_S = 1.0
_CLEAR_LINE = "\r\x1b[K"
_MOST_COLUMNS = 78


class Progress:
    """One line on a terminal, written over and over; nothing elsewhere.

    A context manager: the line appears after `quiet_s` seconds and is cleared at the end.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet_s: float = QUIET_S) -> None:
        self._stream = stream or sys.stderr
        self._text = ""
        self._shown = False
        self._awake = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(quiet_s, self._wake)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if self._stream.isatty():
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._awake = False
            if self._shown:
                self._write(_CLEAR_LINE)

    def say(self, text: str) -> None:
        """Show what is being done now, unless all has been quick so far."""
        with self._lock:
            self._text = text
            self._show()

    def _wake(self) -> None:
        with self._lock:
            self._awake = True
            self._show()

    def _show(self) -> None:
        if self._awake and self._text:
            self._shown = True
            self._write(f"{_CLEAR_LINE}{visible(self._text)[:_MOST_COLUMNS]}")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
