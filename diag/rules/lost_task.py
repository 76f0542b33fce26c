"""A pool that waits for the result of a task which none of its workers has any more."""

from collections.abc import Iterator
from functools import partial

from diag.analysis.amounts import plural
from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.completions import TaskState, workers_of
from diag.analysis.doomed import Doomed, doomed_pools
from diag.analysis.rates import span_s
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.pool import Pool, PoolKind
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks, ended_children

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

_MANAGER_ENDED = (
    "One thread of an executor takes all results of its processes. sys.exit() in a callback of"
    " Future.add_done_callback() ends it without a word: only what is an Exception is caught there,"
    " and threading ignores SystemExit. Nothing starts it again, and its workers stay idle."
)
_MANAGER_ENDED_ADVICE = (
    "Do not call sys.exit() in callbacks of Futures: set a flag, or an Event that the main thread"
    " waits for, and exit there."
)
_STRAY = (
    "The executor still counts the task, and none of its processes has it. Something else took it"
    " from the workers' pipe and ended without a result: a task that calls os.fork() and does not"
    " end the child with os._exit() makes a second worker of it, which the executor does not know,"
    " so that its end does not break the pool."
)
_STRAY_ADVICE = (
    "End what a task forks with os._exit(), in a finally block, or start it by multiprocessing or"
    " subprocess. Get results with a time-out."
)

_DOOMED = (
    "multiprocessing.Pool replaces workers that end, without limit. Where its initializer raises,"
    " each new worker ends before it takes a task: processes start for ever, and nothing runs,"
    " which only standard error tells."
)
_DOOMED_ADVICE = (
    "Look for the traceback of the initializer on standard error. Catch what can fail there, or use"
    " ProcessPoolExecutor, which fails all Futures with BrokenProcessPool instead."
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
    yield from map(partial(_doomed, case), doomed_pools(case))


def _doomed(case: Case, found: Doomed) -> Finding:
    codes = " or ".join(map(str, found.codes))
    tasks = plural(len(found.pool.tasks), "task")
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{case.name(found.waiter)} waits for a task that no worker of its pool gets to:"
        f" each ends with exit code {codes} as soon as it is started",
        explanation=_DOOMED,
        advice=_DOOMED_ADVICE,
        primary=case.locate(found.waiter),
        evidence=(
            Evidence(
                text=f"{found.ended} workers ended in {span_s(case.samples):.1f} s, and none of"
                " the first was there at the end",
                source=Source.OBSERVED,
            ),
            Evidence(text=f"the pool has {tasks} without a result", source=Source.READ),
        ),
    )


def _story(case: Case, deadlock: Deadlock) -> tuple[str, str, str]:
    """Return what is waited for, why it does not come, and what to do."""
    pools = _pools(case, deadlock)
    if _is_untaken(case, deadlock) and not pools:
        why = "a result that nobody takes: the thread that manages its executor has ended"
        return why, _MANAGER_ENDED, _MANAGER_ENDED_ADVICE
    if _is_untaken(case, deadlock):
        why = "a result that nobody takes: the thread of its pool that takes them has ended"
        return why, _UNTAKEN, _UNTAKEN_ADVICE
    nobody = "a task that no worker of its pool has"
    if any(pool.kind in (PoolKind.PROCESSES, PoolKind.LOKY) and pool.pids for pool in pools):
        return f"{nobody}: it was taken, and no result came", _STRAY, _STRAY_ADVICE
    if any(pool.pids for pool in pools):
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
    yield from ended_children(case, {owner.pid})


RULE = Rule(
    id="lost-task",
    title="A pool waits for a result that cannot come: its worker died, or nobody takes results",
    severity=Severity.ERROR,
    summary="A thread waits for a result of a pool, and no worker has the task, or the thread that"
    " takes the pool's results has ended.",
    needs="the target's memory and stacks, to tell which worker runs which task",
    check=_check,
)
