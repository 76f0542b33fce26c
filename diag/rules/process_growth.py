"""A process that starts children faster than they end."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.growth import Growth, steady_growth
from diag.analysis.rates import span_s
from diag.analysis.roles import role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.sample import ProcessSample, Sample
from diag.rules.base import Rule
from diag.rules.pool_recreated import remakes_pools
from diag.rules.tasks import forecast, half_of_all

_GROWS_S = 3.0
_LEAST_GROWTH = 6
_LEAST_CHILDREN = 16
_A_CPU = 2  # what a pool may start


def _check(case: Case) -> Iterator[Finding]:
    least = min(max(_LEAST_CHILDREN, _A_CPU * case.host.cpus), half_of_all(case))
    for process in case.samples[-1].processes:
        last = _children(case.samples[-1], process)
        if len(last) < least or process.pid not in case.tree.processes:
            continue
        points = [(each.at_s, float(len(_children(each, process)))) for each in case.samples]
        growth = steady_growth(points, least_span_s=_GROWS_S)
        if growth is None or growth.last - growth.first < _LEAST_GROWTH:
            continue
        first = {child.id for child in _children(case.samples[0], process)}
        stayed = first <= {child.id for child in last}
        if stayed and process.pid not in remakes_pools(case):
            yield _finding(case, process, last, growth)


def _children(sample: Sample, parent: ProcessSample) -> list[ProcessSample]:
    """Return the children that have not ended: zombies are another rule's."""
    return [
        each for each in sample.processes if each.parent_pid == parent.pid and each.state != "Z"
    ]


def _finding(
    case: Case, process: ProcessSample, children: list[ProcessSample], growth: Growth
) -> Finding:
    newest = max(children, key=lambda each: each.id.start_ticks)
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{role_of(case.tree, process.pid)} {process.pid} has {len(children)} children and"
        f" starts {growth.per_s:.2g} more each second{forecast(case, growth.per_s)}",
        explanation="Children are started and none of them ends. Each takes memory and counts"
        " against limits of the user and the container, where fork() fails in the end:"
        ' "Resource temporarily unavailable".',
        advice="Bound how many run at once: a pool of fixed size, a semaphore around the start."
        " Give each an end: a time-out, a sentinel, terminate() and wait() in a finally.",
        primary=case.locate_process(process.pid),
        evidence=(
            Evidence(
                text=f"from {growth.first:.0f} to {growth.last:.0f} children in"
                f" {growth.span_s:.1f} s, and none of the first ended; the newest is"
                f" {newest.pid} ({newest.name})",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="process-growth",
    title="A process starts children that never end",
    severity=Severity.WARNING,
    summary="The number of living children of a process rises in each part of a look of 3 s or"
    " more, is above what a pool would start, and none of the first ends.",
    needs="a look of 3 s or more, as it is while something grows",
    check=_check,
    has_evidence=lambda case: span_s(case.samples) >= _GROWS_S,
)
