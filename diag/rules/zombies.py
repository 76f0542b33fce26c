"""A parent that starts children and never collects them."""

from collections import defaultdict
from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.roles import role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ProcessId
from diag.model.sample import Sample
from diag.model.wait import WaitKind
from diag.rules.base import Rule
from diag.rules.tasks import forecast

_LEAST = 10
_LEAST_NEW = 2
_LEAST_AGE_S = 3.0  # a parent that starts a batch and then collects it does so at once


def _check(case: Case) -> Iterator[Finding]:
    first, last = _by_parent(case.samples[0]), _by_parent(case.samples[-1])
    for parent, now in last.items():
        before = first.get(parent, set())
        process = case.tree.processes.get(parent)
        if process is None or process.state == "Z" or _collects(case, parent):
            continue
        if len(now) >= _LEAST and len(now - before) >= _LEAST_NEW and before <= now:
            age_s = _age_s(case, now)
            if age_s >= _LEAST_AGE_S:
                yield _finding(case, parent, len(now), len(now - before), age_s)


def _by_parent(sample: Sample) -> dict[int, set[ProcessId]]:
    found: dict[int, set[ProcessId]] = defaultdict(set)
    for process in sample.processes:
        if process.state == "Z":
            found[process.parent_pid].add(process.id)
    return found


def _collects(case: Case, parent: int) -> bool:
    """Whether a thread of the parent waits for a child: it may collect the others next."""
    return any(
        case.tree.threads[thread].wait.kind is WaitKind.CHILD
        for thread in case.tree.threads_of[parent]
    )


def _age_s(case: Case, zombies: set[ProcessId]) -> float:
    """Return by how much the oldest was started before the newest, seconds."""
    starts = [process.start_ticks for process in zombies]
    return (max(starts) - min(starts)) / case.host.clock_ticks_per_s


def _finding(case: Case, parent: int, count: int, new: int, age_s: float) -> Finding:
    span_s = case.samples[-1].at_s - case.samples[0].at_s
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{role_of(case.tree, parent)} {parent} has {count} zombies and collects none:"
        f" {new} more in {span_s:.0f} s{forecast(case, new / span_s)}",
        explanation="A child that has ended keeps its pid until its parent asks for its exit"
        " status. When no pid is left, fork() fails with EAGAIN, in every program of the user"
        " or the container.",
        advice="Collect children: call wait() or communicate() on each Popen, join() on each"
        " Process, or use `with`. As pid 1 of a container run an init, such as `docker run"
        " --init`.",
        primary=case.locate_process(parent),
        evidence=(
            Evidence(
                text=f"{count} children in state Z, the oldest and the newest started"
                f" {age_s:.0f} s apart; {new} came and none went in {span_s:.1f} s",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="zombies",
    title="Children that have ended are never collected",
    severity=Severity.WARNING,
    summary="A parent has ten zombies or more, gets more, and has collected none.",
    needs="counters taken during the look",
    check=_check,
    has_evidence=lambda case: len(case.samples) >= 2,
)
