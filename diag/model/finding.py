"""What a rule found: the shape that reports publish."""

from enum import StrEnum

from diag.model.base import Record


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Confidence(StrEnum):
    """How sure it is.

    PROVEN: it follows from what the kernel and the interpreter's memory say.
    LIKELY: a known shape with two or more independent signs.
    POSSIBLE: one sign.
    """

    PROVEN = "proven"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Source(StrEnum):
    """How something is known."""

    OBSERVED = "observed"  # the kernel says so
    READ = "read"  # read from the target's memory
    INFERRED = "inferred"  # concluded from stacks or names


class Location(Record, frozen=True, omit_defaults=False):
    """A place in a program: who and where.

    Attributes:
        pid: process id.
        tid: kernel thread id, None for a whole process.
        process_role: "parent", "worker", ... in the words of the pool.
        thread: the thread's name.
        function: innermost frame of the user's own code, or the innermost frame.
        file: its path.
        line: 1-based.

    """

    pid: int
    tid: int | None = None
    process_role: str | None = None
    thread: str | None = None
    function: str | None = None
    file: str | None = None
    line: int | None = None


class Evidence(Record, frozen=True, omit_defaults=False):
    """A fact that a finding rests on.

    Attributes:
        text: the fact, one line.
        source: how it is known.

    """

    text: str
    source: Source


class Link(Record, frozen=True, omit_defaults=False):
    """One step of a chain: who waits, for what, and who could end it.

    Attributes:
        text: the step in words, one line, no location.
        source: how the step is known.
        waiter: who waits, None where the step is no wait.
        details: lines beneath: where it was called from, what the owner does.

    """

    text: str
    source: Source
    waiter: Location | None = None
    details: tuple[str, ...] = ()


class Finding(Record, frozen=True, omit_defaults=False):
    """One trouble, with its cause, its victims and what it rests on.

    Attributes:
        rule: id of the rule.
        severity: how bad.
        confidence: how sure: as sure as the weakest link of the chain.
        title: the trouble in one line.
        explanation: what happens and why, in sentences.
        advice: what to change.
        primary: the guilty place.
        related: victims and other places that belong to it.
        evidence: what it rests on.
        chain: from the cause to the victims.
        fingerprint: the same for the same trouble in another run: it holds no
            pid, no line and no address. Empty until the policy was applied.

    """

    rule: str
    severity: Severity
    confidence: Confidence
    title: str
    explanation: str
    advice: str
    primary: Location
    related: tuple[Location, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    chain: tuple[Link, ...] = ()
    fingerprint: str = ""
