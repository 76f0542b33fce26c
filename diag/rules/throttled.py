"""A CPU quota that withholds a good part of the CPU time that the tree wants."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.model.finding import Confidence, Finding, Severity
from diag.rules.base import Rule, Scope
from diag.rules.load import has_load, load_of, throttling_evidence

_LEAST_PERIODS = 4
_LEAST_SHARE_OF_PERIODS = 0.5
# With the number of workers that `diag cpus` gives, less than a third is withheld, unless
# the quota is under one CPU.
_LEAST_SHARE_OF_TIME = 1 / 3


def _check(case: Case) -> Iterator[Finding]:
    load = load_of(case)
    if load is None or load.throttling is None or load.crowd or load.nested:
        return  # too many workers are the cause, and that finding names the throttling
    if not load.wants_cpu:
        return  # others of its control group have used the quota up
    seen = load.throttling
    if seen.periods < _LEAST_PERIODS:
        return
    if seen.share_of_periods < _LEAST_SHARE_OF_PERIODS or seen.share_of_time < _LEAST_SHARE_OF_TIME:
        return
    wanting = load.wanting
    first = wanting[0].pid if wanting else case.tree.snapshot.root.pid
    yield Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN,
        title=f"throttled: the quota of {load.cpus:.3g} CPUs withholds {seen.share_of_time:.0%}"
        " of the CPU time that the tree wants",
        explanation="The kernel stops every process of a control group that has used up its"
        " quota until the next period begins, usually after a tenth of a second. Time-outs that"
        " were chosen for a whole CPU pass meanwhile, and nothing is hung.",
        advice=f"Raise the quota ({load.limits.cpu_quota_source}), or give the work more time"
        " and start no more than `diag cpus` workers.",
        primary=case.locate_process(first),
        related=tuple(case.locate_process(demand.pid) for demand in wanting[1:]),
        evidence=throttling_evidence(load),
    )


RULE = Rule(
    id="throttled",
    title="The CPU quota stops the tree again and again",
    severity=Severity.WARNING,
    summary="The control group is throttled in most periods, and at least a third of the CPU"
    " time that is wanted is withheld.",
    needs="counters taken during the look, and the CPU limits of the target",
    check=_check,
    has_evidence=has_load,
    scope=Scope.TREE,
)
