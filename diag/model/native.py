"""A thread that runs no Python: what it is there for, as far as that is sure."""

from diag.model.base import Record


class Native(Record, frozen=True):
    """A thread without a Python thread state in a process whose interpreter was read.

    Attributes:
        role: what it is, where that was recognised: "faulthandler's watchdog".
        harmless: True if it goes on without ever running code of Python or of an
            extension module by itself, so that it releases no lock of Python.
        ends_process: True if it ends the process at its deadline.

    """

    role: str | None = None
    harmless: bool = False
    ends_process: bool = False
