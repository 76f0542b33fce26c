"""What a command complained of on standard error, and what was measured at that moment."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from diag.analysis.amounts import duration, mebibytes
from diag.analysis.rates import oom_kills, ticks
from diag.model.errorline import ErrorKind, ErrorLine, ErrorNote
from diag.model.finding import Evidence, Finding, Source
from diag.model.sample import ProcessSample, Sample

BEFORE_S = 15.0  # samples are ten seconds apart at most, unless a tree is very large
AFTER_S = 2.0
MOST_ENDED = 3
MOST_CITED = 2

# Findings that may have the same cause as an error.
_RELATED = {
    ErrorKind.BROKEN_POOL: ("worker-died",),
    ErrorKind.CANNOT_PICKLE: ("lost-task",),
    ErrorKind.OPEN_FILES: ("descriptor-exhaustion",),
    ErrorKind.MEMORY: ("memory-limit-near", "memory-growth", "worker-died"),
}


def notes(
    lines: Iterable[ErrorLine], samples: Sequence[Sample], *, began_at_unix_s: float
) -> tuple[ErrorNote, ...]:
    """Tie each error to the counters around it; the same error over and over is told once."""
    told: dict[tuple[ErrorKind, str], ErrorNote] = {}
    for line in lines:
        if (line.kind, line.text) not in told:
            told[line.kind, line.text] = ErrorNote(
                kind=line.kind,
                text=line.text,
                after_s=max(0.0, line.taken_at_unix_s - began_at_unix_s),
                measured=tuple(_measured(line, samples)),
            )
    return tuple(told.values())


def cite(findings: Iterable[Finding], lines: Sequence[ErrorLine]) -> Iterator[Finding]:
    """Add to each finding what the command itself said of such a trouble."""
    for finding in findings:
        related = [line for line in lines if finding.rule in _RELATED[line.kind]]
        said = dict.fromkeys(f"standard error said: {line.text}" for line in related)
        evidence = tuple(
            Evidence(text=text, source=Source.OBSERVED) for text in list(said)[:MOST_CITED]
        )
        yield replace(finding, evidence=(*finding.evidence, *evidence))


def _measured(line: ErrorLine, samples: Sequence[Sample]) -> Iterator[str]:
    before = [s for s in samples if line.at_s - BEFORE_S <= s.at_s < line.at_s]
    after = next((s for s in samples if line.at_s <= s.at_s <= line.at_s + AFTER_S), None)
    around = [*before, *([after] if after is not None else [])]
    if not around:
        return
    match line.kind:
        case ErrorKind.BROKEN_POOL:
            if after is not None:
                yield from _ended(before, after, line.at_s)
            yield from _killed(around)
        case ErrorKind.MEMORY:
            yield from _memory(around[-1])
            yield from _killed(around)
        case ErrorKind.OPEN_FILES:
            yield from _open_files(around[-1])
        case ErrorKind.CANNOT_PICKLE:
            yield from _work_since(line.at_s, samples)


def _ended(before: Sequence[Sample], after: Sample, at_s: float) -> Iterator[str]:
    """Name children that were there before and not after, though their parent is."""
    alive = {process.id for process in after.processes if process.state != "Z"}
    pids = {process_id.pid for process_id in alive}
    last: dict[object, tuple[Sample, ProcessSample]] = {}
    for sample in before:
        last |= {process.id: (sample, process) for process in sample.processes}
    gone = [
        (sample, process)
        for process_id, (sample, process) in last.items()
        if process_id not in alive and process.parent_pid in pids
    ]
    for sample, process in gone[:MOST_ENDED]:
        yield (
            f"child {process.pid} ({process.name}) of {process.parent_pid} had ended; it was last"
            f" seen {at_s - sample.at_s:.1f} s before, with {mebibytes(process.rss_bytes)}"
        )
    if len(gone) > MOST_ENDED:
        yield f"so had {len(gone) - MOST_ENDED} more"


def _killed(around: Sequence[Sample]) -> Iterator[str]:
    if kills := oom_kills(tuple(around)):
        apart_s = around[-1].at_s - around[0].at_s
        yield (
            f"the kernel killed {kills} process(es) of the control group for want of"
            f" memory in these {duration(apart_s)}"
        )


def _memory(sample: Sample) -> Iterator[str]:
    group = sample.group
    if group is not None and group.memory_used_bytes and group.memory_limit_bytes:
        used, limit = mebibytes(group.memory_used_bytes), mebibytes(group.memory_limit_bytes)
        yield f"the control group used {used} of {limit}"
    largest = max(sample.processes, key=lambda process: process.rss_bytes)
    yield f"process {largest.pid} ({largest.name}) held {mebibytes(largest.rss_bytes)}, the most"


def _open_files(sample: Sample) -> Iterator[str]:
    counted = [
        (process.open_files / process.open_files_limit, process)
        for process in sample.processes
        if process.open_files is not None and process.open_files_limit
    ]
    if counted:
        _, most = max(counted, key=lambda pair: pair[0])
        yield (
            f"process {most.pid} ({most.name}) had {most.open_files} of"
            f" {most.open_files_limit} descriptors open"
        )


def _work_since(at_s: float, samples: Sequence[Sample]) -> Iterator[str]:
    """Say how much the children have worked since: a task that never went out is waited for."""
    later = [sample for sample in samples if sample.at_s >= at_s]
    if len(later) < 2:
        return
    first, last = later[0], later[-1]
    before = {process.id: ticks(process) for process in first.processes}
    children = [process for process in last.processes if process.parent_pid == last.root.pid]
    used = sum(ticks(process) - before.get(process.id, 0) for process in children)
    if children and not used:
        apart_s = last.at_s - first.at_s
        yield (
            f"the {len(children)} child process(es) of {last.root.pid} used no CPU time in the"
            f" {duration(apart_s)} after it"
        )
