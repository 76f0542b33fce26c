"""Known errors among the lines of a stream: all other lines are forgotten at once."""

import re
import time
from collections import Counter
from collections.abc import Iterator

from diag.collect.procfs import printable
from diag.collect.redact import mask_text
from diag.model.errorline import ErrorKind, ErrorLine

LONGEST_LINE = 4096  # bytes; the rest of a longer one is not searched
LONGEST_TEXT = 200
MOST_OF_A_KIND = 20  # a loop that fails says the same for ever

_KINDS = (
    (ErrorKind.BROKEN_POOL, re.compile(rb"\bBrokenProcessPool\b")),
    (
        ErrorKind.CANNOT_PICKLE,
        # CPython 3.9 to 3.15: `TypeError: cannot pickle ...`, `Can't pickle <function ...>`,
        # `Can't pickle local object`, `Can't get local object`.
        re.compile(rb"\b(?:cannot|[Cc]an't) pickle\b|\bCan't get local object\b|\bPicklingError\b"),
    ),
    (ErrorKind.OPEN_FILES, re.compile(rb"\b[Tt]oo many open files\b")),
    # NumPy's is called _ArrayMemoryError.
    (ErrorKind.MEMORY, re.compile(rb"MemoryError\b")),
)
# One of these is in every such line: to look for them costs a hundredth of the patterns.
_WORDS = (
    *(b"BrokenProcessPool", b"MemoryError", b"open files"),
    *(b" pickle", b"PicklingError", b"local object"),
)


class ErrorLines:
    """Finds error lines in a stream that comes in pieces."""

    def __init__(self) -> None:
        self._rest = b""
        self._found: Counter[ErrorKind] = Counter()

    def feed(self, piece: bytes) -> Iterator[ErrorLine]:
        """Take the next bytes; yield the known errors among the lines that they complete."""
        text = self._rest + piece
        whole, newline, rest = text.rpartition(b"\n")
        self._rest = rest[:LONGEST_LINE]
        if not newline or not any(word in whole for word in _WORDS):
            return  # as nearly always
        for line in whole.split(b"\n"):
            start = line[:LONGEST_LINE]
            kind = _kind_of(start)
            if kind is not None and self._found[kind] < MOST_OF_A_KIND:
                self._found[kind] += 1
                yield ErrorLine(
                    kind=kind,
                    text=_shown(start),
                    at_s=time.monotonic(),
                    taken_at_unix_s=time.time(),
                )


def _kind_of(line: bytes) -> ErrorKind | None:
    return next((kind for kind, pattern in _KINDS if pattern.search(line)), None)


def _shown(line: bytes) -> str:
    text = mask_text(printable(line).strip())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."
