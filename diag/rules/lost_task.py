"""A pool that waits for the result of a task which none of its workers has any more."""

import signal
from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.completions import workers_of
from diag.model.finding import Evidence, Finding, Severity, Source
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.LOST_TASK):
        fields = common_fields(case, deadlock)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            title=f"{case.name(deadlock.first)} waits for a task that no worker of its pool has:"
            " the worker that had it has ended",
            explanation="multiprocessing.Pool replaces a worker that ends, but forgets what it was"
            " doing: the task is neither run again nor reported as failed, so its result never"
            " comes. A worker ends like that when it is killed, by the kernel for want of memory"
            " for instance, when C code crashes, or when the task calls os._exit().",
            advice="Use concurrent.futures.ProcessPoolExecutor, which fails the Future with"
            " BrokenProcessPool when a worker dies, or get results with a time-out. Look for the"
            " end of the worker in the kernel's log (out of memory) and in core dumps.",
            **fields | {"evidence": (*fields["evidence"], *_facts(case, deadlock))},
        )


def _facts(case: Case, deadlock: Deadlock) -> Iterator[Evidence]:
    """Yield what is known of the pool, and of children that ended and can still be seen."""
    owner = case.tree.processes[deadlock.first.pid]
    completion = case.liveness.wakers[deadlock.first].completion
    for pool in completion.pools if completion is not None else ():
        staff = workers_of(case.tree, owner, pool) or {}
        free = sum(not worker.busy for worker in staff.values())
        yield Evidence(
            text=f"{free} of its {len(staff)} workers wait for a task, none runs this one;"
            " the pipes of tasks and of results are empty",
            source=Source.READ,
        )
    for pid in case.tree.children_of[owner.pid]:
        process = case.tree.processes[pid]
        if process.state == "Z":
            yield Evidence(
                text=f"child {pid} has ended{_how(process.exit_status)}", source=Source.OBSERVED
            )


def _how(status: int | None) -> str:
    """Return how a process ended, from the status that wait4(2) gives."""
    if status is None:
        return ""
    number = status & 0x7F
    if not number:
        return f" with exit code {status >> 8}"
    try:
        return f" by {signal.Signals(number).name}"
    except ValueError:
        return f" by signal {number}"


RULE = Rule(
    id="lost-task",
    title="A pool waits for a task whose worker died",
    severity=Severity.ERROR,
    summary="A thread waits for a result of multiprocessing.Pool, and no worker has the task.",
    needs="the target's memory and stacks, to tell which worker runs which task",
    check=_check,
)
