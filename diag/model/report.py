"""The report: what every format is rendered from, and what `--json` publishes."""

from enum import StrEnum

import msgspec

from diag.model.base import Record
from diag.model.errorline import ErrorNote
from diag.model.finding import Finding, Severity
from diag.model.gap import Gap
from diag.model.graph import Graph
from diag.model.host import Host
from diag.model.ids import ProcessId
from diag.model.limits import Limits
from diag.model.process import Process

SCHEMA_VERSION = 1


class Verdict(StrEnum):
    """The answer in one word."""

    HUNG = "hung"
    DEGRADED = "degraded"
    HEALTHY = "healthy"
    UNKNOWN = "unknown"


class Target(Record, frozen=True, omit_defaults=False):
    """What was looked at.

    Attributes:
        id: pid and start time of the root.
        name: the kernel's name of it.
        command: its masked command line.

    """

    id: ProcessId
    name: str
    command: tuple[str, ...]


class Observed(Record, frozen=True, omit_defaults=False):
    """How much was seen.

    Attributes:
        started_at_unix_s: when the look began.
        duration_s: how long it took.
        looks: number of snapshots judged.
        processes_seen: processes of the tree.
        processes_read: those whose threads and waits could be read.
        gaps: what could not be read, and why.

    """

    started_at_unix_s: float
    duration_s: float
    looks: int
    processes_seen: int
    processes_read: int
    gaps: tuple[Gap, ...]


class ProcessView(Record, frozen=True, omit_defaults=False):
    """A process as the report shows it.

    Attributes:
        role: its part in the tree: "main", "worker", "resource tracker", ...
        process: as it was seen last.
        waits: what each thread waits for, in words, by tid.
        live: whether each thread could go on, by tid; None if not judged.

    """

    role: str
    process: Process
    waits: dict[int, str]
    live: dict[int, bool | None]


class PoolView(Record, frozen=True, omit_defaults=False):
    """A pool of workers as the report shows it.

    Attributes:
        kind: "ThreadPoolExecutor", "ProcessPoolExecutor", "multiprocessing.Pool",
            "gunicorn", "Celery", "pytest-xdist", ...
        pid: of the process that owns it.
        of_threads: whether its workers are threads of that process.
        idle: workers that wait for a task: pids, or tids for threads.
        working: workers that have a task and could go on.
        stuck: workers that have a task and can never run again.
        starting: number of worker processes that do not run a worker's loop yet, or
            whose frames could not be had.
        queued: tasks that no worker has, None if not known.
        machinery: threads of the owner that keep the pool going, by tid: "manager",
            "feeder", "worker handler", "task handler", "result handler".
        outliers: what sets one worker apart from the others, in words.

    """

    kind: str
    pid: int
    of_threads: bool
    idle: tuple[int, ...]
    working: tuple[int, ...]
    stuck: tuple[int, ...]
    starting: int = 0
    queued: int | None = None
    machinery: dict[int, str] = msgspec.field(default_factory=dict)
    outliers: tuple[str, ...] = ()


class RuleSkipped(Record, frozen=True, omit_defaults=False):
    """A rule that could not be run, and what it would have needed."""

    rule: str
    needs: str


class RuleInfo(Record, frozen=True, omit_defaults=False):
    """A rule that was consulted, as far as a reader needs to know it.

    Attributes:
        id: its name; `diag rules ID` shows its page.
        title: what it means, one line.
        severity: of its findings.
        summary: when it speaks, one sentence.

    """

    id: str
    title: str
    severity: Severity
    summary: str


class Ignored(Record, frozen=True, omit_defaults=False):
    """A finding that does not count, because the project says so.

    Attributes:
        finding: what was found.
        because: the reason that the project gives, or that the baseline holds it.

    """

    finding: Finding
    because: str


class Point(Record, frozen=True, omit_defaults=False):
    """One moment of a series: seconds since the first, and the value."""

    at_s: float
    value: float


class Series(Record, frozen=True, omit_defaults=False):
    """A quantity over time.

    Attributes:
        name: "cpu_cores", "rss_bytes".
        pid: the process, None for the tree.
        points: in order of time.

    """

    name: str
    points: tuple[Point, ...]
    pid: int | None = None


class SourceLine(Record, frozen=True, omit_defaults=False):
    """A line of the project's own code that a frame of the report stands at.

    Attributes:
        file: path as the frames have it.
        line: 1-based.
        text: the line without its indent, masked like a command line.

    """

    file: str
    line: int
    text: str


class Report(Record, frozen=True, omit_defaults=False):
    """Everything that a renderer needs.

    Attributes:
        schema_version: of this shape.
        diag_version: of the program that judged.
        verdict: the answer.
        headline: the answer in one line.
        target: what was looked at.
        observed: how much was seen.
        host: the machine, None in old recordings.
        findings: the gravest first.
        skipped: rules that could not be run.
        processes: the tree.
        pools: its pools of workers.
        limits: of the root, None if not read.
        series: counters over time.
        graph: who waits for whom, None if it was not judged.
        rules: those that were consulted.
        ignored: findings that do not count; they are not in `findings`.
        sources: lines of the project's code, where its files were at hand.
        errors: known errors on the target's standard error, as `diag run` saw them.

    """

    diag_version: str
    verdict: Verdict
    headline: str
    target: Target
    observed: Observed
    findings: tuple[Finding, ...]
    skipped: tuple[RuleSkipped, ...]
    processes: tuple[ProcessView, ...]
    pools: tuple[PoolView, ...] = ()
    host: Host | None = None
    limits: Limits | None = None
    series: tuple[Series, ...] = ()
    graph: Graph | None = None
    rules: tuple[RuleInfo, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    errors: tuple[ErrorNote, ...] = ()
    schema_version: int = SCHEMA_VERSION
