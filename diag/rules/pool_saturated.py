"""Tasks that wait for tasks of their own pool, which has no worker left to run them."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.model.finding import Finding, Severity
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.POOL_SATURATED):
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            title=_title(case, deadlock),
            explanation="A pool runs as many tasks as it has workers. Here each worker runs a task"
            " that waits for another one, which is still in the queue: it begins when a worker is"
            " free, and none will be.",
            advice="Never wait inside a task for a task of the same pool. Return the Future and"
            " let the caller wait, split the work into two steps, or give the inner tasks a pool"
            " of their own. More workers only move the limit.",
            **common_fields(case, deadlock),
        )


def _title(case: Case, deadlock: Deadlock) -> str:
    completion = case.liveness.wakers[deadlock.first].completion
    pools = completion.pools if completion is not None else ()
    waiting = max((pool.waiting or 0 for pool in pools), default=0)
    queued = f"{waiting} tasks are" if waiting > 1 else "a task is"
    busy = len(deadlock.members)
    workers = (
        f"all {busy} workers of a pool wait" if busy > 1 else "the only worker of a pool waits"
    )
    return f"{workers} for tasks of the same pool: {queued} queued, and no worker is left"


RULE = Rule(
    id="pool-saturated",
    title="A pool whose tasks wait for tasks of the same pool",
    severity=Severity.ERROR,
    summary="Every worker of a pool waits for a task that is still in the pool's own queue.",
    needs="the target's memory and stacks, to tell whose task each Future is",
    check=_check,
)
