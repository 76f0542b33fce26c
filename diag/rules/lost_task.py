"""A pool that waits for the result of a task which none of its workers has any more."""

import signal
from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.completions import TaskState, workers_of
from diag.model.finding import Evidence, Finding, Severity, Source
from diag.model.pool import Pool
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks

_REPLACED = (
    "multiprocessing.Pool replaces a worker that ends, but forgets what it was doing: the task is"
    " neither run again nor reported as failed, so its result never comes. A worker ends like that"
    " when it is killed, by the kernel for want of memory for instance, when C code crashes, or"
    " when the task calls os._exit()."
)
_REPLACED_ADVICE = (
    "Use concurrent.futures.ProcessPoolExecutor, which fails the Future with BrokenProcessPool when"
    " a worker dies, or get results with a time-out. Look for the end of the worker in the kernel's"
    " log (out of memory) and in core dumps."
)
_NONE_LEFT = (
    "The executor has tasks and no worker process left. Workers end after max_tasks_per_child"
    " tasks; the executor starts new ones only where it takes none to be free, and its count of"
    " free ones can be wrong then (cpython#115634)."
)
_NONE_LEFT_ADVICE = (
    "Do without max_tasks_per_child, or use multiprocessing.Pool(maxtasksperchild=...), which keeps"
    " its number of workers; or update Python to a version that has this corrected."
)


_UNTAKEN = (
    "One thread of a multiprocessing.Pool takes all its results. An exception there ends it, with a"
    " traceback on standard error: when a callback of apply_async() or map_async() raises, or a"
    " result cannot be unpickled, such as an exception whose __init__ wants other arguments than"
    " it was pickled with. Nothing starts it again: no result of this pool will ever come."
)
_UNTAKEN_ADVICE = (
    "Look for the traceback of that thread. Catch everything in callbacks; give exceptions that"
    " tasks raise an __init__ that can be called with their args, or a __reduce__."
)


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.LOST_TASK):
        fields = common_fields(case, deadlock)
        why, explanation, advice = _story(case, deadlock)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            title=f"{case.name(deadlock.first)} waits for {why}",
            explanation=explanation,
            advice=advice,
            **fields | {"evidence": (*fields["evidence"], *_facts(case, deadlock))},
        )


def _story(case: Case, deadlock: Deadlock) -> tuple[str, str, str]:
    """Return what is waited for, why it does not come, and what to do."""
    if _is_untaken(case, deadlock):
        why = "a result that nobody takes: the thread of its pool that takes them has ended"
        return why, _UNTAKEN, _UNTAKEN_ADVICE
    nobody = "a task that no worker of its pool has"
    if any(pool.pids for pool in _pools(case, deadlock)):
        return f"{nobody}: the worker that had it has ended", _REPLACED, _REPLACED_ADVICE
    return f"{nobody}: the pool has no worker left", _NONE_LEFT, _NONE_LEFT_ADVICE


def _is_untaken(case: Case, deadlock: Deadlock) -> bool:
    completion = case.liveness.wakers[deadlock.first].completion
    return completion is not None and completion.state is TaskState.UNTAKEN


def _pools(case: Case, deadlock: Deadlock) -> tuple[Pool, ...]:
    completion = case.liveness.wakers[deadlock.first].completion
    return completion.pools if completion is not None else ()


def _facts(case: Case, deadlock: Deadlock) -> Iterator[Evidence]:
    """Yield what is known of the pool, and of children whose end was seen."""
    owner = case.tree.processes[deadlock.first.pid]
    for pool in _pools(case, deadlock):
        staff = workers_of(case.tree, owner, pool) or {}
        free = sum(not worker.busy for worker in staff.values())
        text = f"{pool.kind.value} has {len(pool.tasks)} tasks without a result and no worker"
        if _is_untaken(case, deadlock):
            text = (
                f"{pool.kind.value} has {len(pool.tasks)} tasks without a result, and no thread of"
                f" {owner.pid} runs _handle_results"
            )
        elif pool.pids:
            text = (
                f"{free} of its {len(staff)} workers wait for a task, none runs this one;"
                " the pipes of tasks and of results are empty"
            )
        yield Evidence(text=text, source=Source.READ)
    for pid, status in _ended_children(case, owner.pid).items():
        yield Evidence(text=f"child {pid} has ended{_how(status)}", source=Source.OBSERVED)


def _ended_children(case: Case, owner: int) -> dict[int, int | None]:
    """Return the children that were seen as zombies, with their exit status."""
    sampled = (process for sample in case.samples for process in sample.processes)
    ended = {
        each.pid: each.exit_status
        for each in sampled
        if each.parent_pid == owner and each.state == "Z"
    }
    now = (case.tree.processes[pid] for pid in case.tree.children_of[owner])
    return ended | {process.pid: process.exit_status for process in now if process.state == "Z"}


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
    title="A pool waits for a result that cannot come: its worker died, or nobody takes results",
    severity=Severity.ERROR,
    summary="A thread waits for a result of a pool, and no worker has the task, or the thread that"
    " takes the pool's results has ended.",
    needs="the target's memory and stacks, to tell which worker runs which task",
    check=_check,
)
