"""A control group that has used up nearly all of its memory limit."""

from collections.abc import Iterator

from diag.analysis.amounts import mebibytes
from diag.analysis.case import Case
from diag.analysis.points import working_set
from diag.analysis.roles import role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.rules.base import Rule, Scope

_NEARLY_ALL = 0.9


def _check(case: Case) -> Iterator[Finding]:
    points = working_set(case.samples)
    group = case.samples[-1].group
    if not points or group is None or group.memory_limit_bytes is None:
        return
    used, limit = points[-1][1], group.memory_limit_bytes
    lowest = min(value for _, value in points)
    if lowest < _NEARLY_ALL * limit:
        return
    largest = max(case.samples[-1].processes, key=lambda process: process.rss_bytes)
    if largest.pid not in case.tree.processes:
        return
    yield Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN,
        title=f"{mebibytes(used)} of the {mebibytes(limit)} that the control group may use are"
        f" in use; {role_of(case.tree, largest.pid)} {largest.pid} holds"
        f" {mebibytes(largest.rss_bytes)}",
        explanation="When a group reaches its limit and nothing can be dropped, the kernel kills"
        " the process with the most memory in it by SIGKILL: a pool then breaks, and a program"
        " without one is just gone.",
        advice="Raise the limit, or hold less at once: smaller chunks, fewer workers, results"
        " written out as they come.",
        primary=case.locate_process(largest.pid),
        evidence=(
            Evidence(
                text=f"the use without droppable file pages was {lowest / limit:.0%} of the limit"
                f" or more in all {len(points)} samples",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="memory-limit-near",
    title="Nearly all memory that the control group may use is in use",
    severity=Severity.WARNING,
    summary="The working set of the group with the tightest memory limit stays above nine"
    " tenths of it.",
    needs="counters taken during the look",
    check=_check,
    has_evidence=lambda case: bool(case.samples),
    scope=Scope.TREE,
)
