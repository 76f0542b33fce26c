"""What could not be observed: a value that reaches the report, because silence is a lie."""

from diag.model.base import Record


class Gap(Record, frozen=True):
    """Something that was looked for and could not be read.

    Attributes:
        what: what is missing, a noun: "stacks", "memory", "descriptors", "process".
        because: the reason in words, with the remedy where there is one.
        pid: the process it is about, None for the whole look.
        tid: the thread it is about, None for the whole process.

    """

    what: str
    because: str
    pid: int | None = None
    tid: int | None = None
