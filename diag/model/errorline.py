"""A known error that the watched command wrote on its standard error."""

from enum import StrEnum

from diag.model.base import Record


class ErrorKind(StrEnum):
    """Which one."""

    BROKEN_POOL = "BrokenProcessPool"
    CANNOT_PICKLE = "cannot pickle"
    OPEN_FILES = "too many open files"
    MEMORY = "MemoryError"


class ErrorLine(Record, frozen=True, tag="error_line", tag_field="record"):
    """One line, as `diag run` saw it.

    Attributes:
        kind: what it is about.
        text: the line, masked like a command line and cut.
        at_s: CLOCK_MONOTONIC seconds when it was read.
        taken_at_unix_s: wall-clock time.

    """

    kind: ErrorKind
    text: str
    at_s: float
    taken_at_unix_s: float


class ErrorNote(Record, frozen=True, omit_defaults=False):
    """An error line as the report shows it.

    Attributes:
        kind: what it is about.
        text: the line.
        after_s: seconds since the watch began.
        measured: what the counters of the tree say of that moment, a sentence each.

    """

    kind: ErrorKind
    text: str
    after_s: float
    measured: tuple[str, ...] = ()
