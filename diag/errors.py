"""Every error a user can see: one line, a remedy where there is one, and an exit status.

Exit statuses are a contract: 0 nothing found, 1 findings, 2 wrong usage,
3 the target could not be observed, 124 a hung tree was ended by diag.
"""

from enum import IntEnum

# Values of `--fail-on`, the default first: the least severity that makes a status of 1.
FAIL_ON = ("error", "warning", "never")


class ExitStatus(IntEnum):
    """The process exit statuses of `diag`."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    UNOBSERVABLE = 3
    ENDED_HUNG_TREE = 124


class DiagError(Exception):
    """The root of all errors meant for users.

    Attributes:
        hint: what to try, or None.

    """

    exit_status = ExitStatus.UNOBSERVABLE

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(DiagError):
    """The command line asks for something that cannot be meant."""

    exit_status = ExitStatus.USAGE


class TargetGoneError(DiagError):
    """There is no such process, or it ended before it could be read."""


class TargetForbiddenError(DiagError):
    """The target may not be read by this user."""


class RecordingError(DiagError):
    """A recording cannot be used: missing, of a newer format, or not a recording."""

    exit_status = ExitStatus.USAGE
