"""A multiprocessing lock whose holder has died."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.model.finding import Finding, Severity
from diag.rules.base import Rule
from diag.rules.deadlock import common_fields, deadlocks


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.DEAD_HOLDER):
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            title="a multiprocessing lock is taken, and no living process holds it",
            explanation="The semaphore under the lock is at zero, and none of the processes that"
            " share it counts it as held: the holder ended, or was killed, without releasing it."
            " The kernel does not give such locks back.",
            advice="Do not kill workers that may hold a lock (terminate() only what shares"
            " nothing), or use a lock the kernel releases: flock on a file.",
            **common_fields(case, deadlock),
        )


RULE = Rule(
    id="dead-holder",
    title="A multiprocessing lock whose holder died",
    severity=Severity.ERROR,
    summary="A shared lock is taken and no process that maps it holds it.",
    needs="the memory of every process that maps the lock",
    check=_check,
)
