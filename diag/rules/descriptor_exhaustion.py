"""A process that is about to run out of file descriptors."""

from collections.abc import Iterator

from diag.analysis.amounts import duration
from diag.analysis.case import Case
from diag.analysis.growth import Growth, steady_growth
from diag.analysis.points import of_process
from diag.analysis.roles import role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.sample import ProcessSample
from diag.rules.base import Rule

_NEARLY_ALL = 0.9
_HALF = 0.5
_GROWS_S = 3.0  # a burst of connections is over sooner
_SOON_S = 600.0
_VERY_SOON_S = 60.0
_LEAST_GROWTH = 10


def _check(case: Case) -> Iterator[Finding]:
    for process in case.samples[-1].processes:
        limit, used = process.open_files_limit, process.open_files
        if limit is None or used is None or process.pid not in case.tree.processes:
            continue
        growth = _growth(case, process)
        nearly_all = used >= _NEARLY_ALL * limit
        if nearly_all or (growth is not None and _is_soon(growth, used, limit)):
            yield _finding(case, process, used, limit, growth)


def _is_soon(growth: Growth, used: int, limit: int) -> bool:
    """Whether the forecast can be trusted: far below the limit only if that is very near."""
    return growth.reaches_s(limit) <= (_SOON_S if used >= _HALF * limit else _VERY_SOON_S)


def _growth(case: Case, process: ProcessSample) -> Growth | None:
    points = of_process(case.samples, process.id, lambda each: each.open_files)
    growth = steady_growth(points, least_span_s=_GROWS_S)
    return growth if growth and growth.last - growth.first >= _LEAST_GROWTH else None


def _finding(
    case: Case, process: ProcessSample, used: int, limit: int, growth: Growth | None
) -> Finding:
    forecast = ""
    evidence = [
        Evidence(text=f"{used} of {limit} descriptors are open", source=Source.OBSERVED),
    ]
    if process.open_kinds:
        kinds = ", ".join(f"{count} {kind}" for kind, count in process.open_kinds.items())
        evidence.append(Evidence(text=f"of these: {kinds}", source=Source.OBSERVED))
    if growth is not None:
        forecast = f", the last in about {duration(growth.reaches_s(limit))}"
        evidence.append(
            Evidence(
                text=f"{growth.last - growth.first:.0f} more in {growth.span_s:.0f} s,"
                " and none given back",
                source=Source.OBSERVED,
            )
        )
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN if growth is None else Confidence.LIKELY,
        title=f"{role_of(case.tree, process.pid)} {process.pid} has {used} of its {limit}"
        f" file descriptors open{forecast}",
        explanation="Once the limit is reached every open(), socket() and accept() fails with"
        ' EMFILE, "Too many open files", wherever it happens to be called.',
        advice="Close what is opened (`with`), and bound how many are open at once: a pool of"
        " connections, a semaphore around the work. Raising `ulimit -n` only moves the moment.",
        primary=case.locate_process(process.pid),
        evidence=tuple(evidence),
    )


RULE = Rule(
    id="descriptor-exhaustion",
    title="A process runs out of file descriptors",
    severity=Severity.WARNING,
    summary="A process has nine tenths of its RLIMIT_NOFILE open, or more than half of it and"
    " steadily more.",
    needs="counters taken during the look; for a forecast, a look of 3 s or more",
    check=_check,
    has_evidence=lambda case: bool(case.samples),
)
