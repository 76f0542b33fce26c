"""A process that starts threads faster than they end."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.growth import Growth, steady_growth
from diag.analysis.points import of_process
from diag.analysis.rates import span_s
from diag.analysis.roles import role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.sample import ProcessSample
from diag.rules.base import Rule, Scope
from diag.rules.tasks import forecast, half_of_all

_GROWS_S = 3.0
_LEAST_GROWTH = 6
_LEAST_THREADS = 40  # more than a ThreadPoolExecutor starts by itself (32)


def _check(case: Case) -> Iterator[Finding]:
    least = min(_LEAST_THREADS, half_of_all(case))
    for process in case.samples[-1].processes:
        if process.threads < least or process.pid not in case.tree.processes:
            continue
        points = of_process(case.samples, process.id, lambda each: each.threads)
        growth = steady_growth(points, least_span_s=_GROWS_S)
        if growth and growth.last - growth.first >= _LEAST_GROWTH and _none_ended(case, process):
            yield _finding(case, process, growth)


def _none_ended(case: Case, process: ProcessSample) -> bool:
    """Whether every thread of the first look is there in the second."""
    later = set(case.second.threads_of.get(process.pid, ()))
    return later >= set(case.tree.threads_of[process.pid])


def _finding(case: Case, process: ProcessSample, growth: Growth) -> Finding:
    newest = max(case.second.threads_of[process.pid], key=lambda thread: thread.tid)
    place = case.locate(newest) if newest in case.tree.threads else None
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{role_of(case.tree, process.pid)} {process.pid} has {process.threads} threads"
        f" and starts {growth.per_s:.2g} more each second{forecast(case, growth.per_s)}",
        explanation="Threads are started and none of them ends. Each costs memory for its stack"
        " and counts against limits of the user and the container, where \"can't start new"
        ' thread" ends it.',
        advice="Hand the work to a pool of fixed size, and see to it that threads can end: a"
        " time-out on what they wait for, a sentinel in the queue they read.",
        primary=place or case.locate_process(process.pid),
        evidence=(
            Evidence(
                text=f"from {growth.first:.0f} to {growth.last:.0f} threads in"
                f" {growth.span_s:.1f} s, and none of the first ended",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="thread-growth",
    title="A process starts more and more threads",
    severity=Severity.WARNING,
    summary="The number of threads grows steadily, beyond 40, and none ends.",
    needs="a look of 3 s or more, as it is while something grows",
    check=_check,
    has_evidence=lambda case: span_s(case.samples) >= _GROWS_S,
    scope=Scope.PROCESS,
)
