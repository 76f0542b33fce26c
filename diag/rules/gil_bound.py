"""Threads that compute, and share one core because of the GIL."""

from collections.abc import Iterator

from diag.analysis.amounts import plural
from diag.analysis.case import Case
from diag.analysis.demand import Demand
from diag.analysis.rates import cpu_cores
from diag.analysis.roles import is_idle_worker, machinery_role, role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.sample import ThreadActivity
from diag.rules.base import Rule, Scope
from diag.rules.load import Load, has_load, limits_in_words, load_of, locate
from diag.rules.lock_convoy import convoys_in

_LEAST_GAIN = 1.3
_LEAST_GIL_SHARE = 0.15
_ONE_CORE = 1.3  # more is used only by threads that release the GIL

_EXPLANATION = (
    "Threads of one Python process share its global interpreter lock. While one runs Python code,"
    " the others that want to wait for it, however many CPUs there are."
)


def _check(case: Case) -> Iterator[Finding]:
    load = load_of(case)
    if load is None:
        return
    convoys = convoys_in(case)
    used = cpu_cores(case.samples, case.host.clock_ticks_per_s)
    for demand in load.demands.values():
        if demand.pid in convoys or _feeds_a_pool(case, demand):
            continue
        gain = _gain(load, demand.wanted_cpus, demand.used_cpus, demand.gil_share)
        if len(demand.computing) >= 2 and gain is not None:
            yield _finding(case, load, demand, gain)
            continue
        brief, cpus = demand.brief, used.get(case.tree.processes[demand.pid].id, 0.0)
        gain = _gain(load, brief.wanted_cpus, cpus, brief.gil_share)
        # Looks at a brief thread miss part of what it used: what the others did not use is theirs.
        if brief.at_once >= 2 and 2 * demand.lasting_cpus <= cpus and gain is not None:
            yield _of_brief(case, load, demand, cpus, gain)


def _gain(load: Load, wanted_cpus: float, used_cpus: float, gil_share: float) -> float | None:
    """Return how much faster processes would be, None if threads are not held up by the GIL."""
    gain = min(wanted_cpus, load.cpus) / max(used_cpus, 1.0)
    bound = gil_share >= _LEAST_GIL_SHARE and used_cpus <= _ONE_CORE and gain >= _LEAST_GAIN
    return gain if bound else None


def _of_brief(case: Case, load: Load, demand: Demand, cpus: float, gain: float) -> Finding:
    brief, activity = demand.brief, case.activities[-1]
    name = f"{role_of(case.tree, demand.pid)} {demand.pid}"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{brief.at_once:.0f} threads of {name} at once, each there for a moment, take turns"
        f" on {cpus:.2g} CPU: the GIL lets one of them compute at a time",
        explanation=_EXPLANATION,
        advice="Serve from several processes, or compute in a ProcessPoolExecutor:"
        f" {load.right} of them would do this work up to {gain:.1f} times"
        " as fast here. Threads are right for I/O, and for calls that release the GIL.",
        primary=case.locate_process(demand.pid),
        evidence=(
            Evidence(
                text=f"{brief.wanted_cpus:.2g} threads that lived for a few looks each wanted to"
                f" compute at once, on average, and spent {brief.gil_share:.0%} of that time"
                f" waiting for the GIL ({activity.ended_s - activity.started_s:.1f} s of looks)",
                source=Source.OBSERVED,
            ),
            Evidence(
                text=f"the process used {cpus:.2g} CPUs, of which threads that stayed used"
                f" {demand.lasting_cpus:.2g}; it could have had {load.cpus:.3g}:"
                f" {limits_in_words(load)}",
                source=Source.OBSERVED,
            ),
        ),
    )


def _finding(case: Case, load: Load, demand: Demand, gain: float) -> Finding:
    threads, pid = demand.computing, demand.pid
    count = len(threads)
    activity = case.activities[-1]
    workers = plural(min(count, load.right), "worker")
    places = [locate(case, thread) for thread in sorted(threads, key=lambda t: _idle(case, t))]
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN,
        title=f"{count} threads of {role_of(case.tree, pid)} {pid} take turns on"
        f" {demand.used_cpus:.2g} CPU: the GIL lets one of them compute at a time",
        explanation=_EXPLANATION,
        advice=f"Compute in processes: a ProcessPoolExecutor with {workers} would do this work"
        f" up to {gain:.1f} times as fast here. Threads are right for I/O, and for calls that"
        " release the GIL.",
        primary=places[0],
        related=tuple(places[1:]),
        evidence=(
            Evidence(
                text=f"{demand.wanted_cpus:.2g} of {count} threads wanted to compute at once, on"
                f" average, and spent {demand.gil_share:.0%} of that time waiting for the GIL"
                f" ({threads[0].looks} looks in {activity.ended_s - activity.started_s:.1f} s)",
                source=Source.OBSERVED,
            ),
            Evidence(
                text=f"the process used {demand.used_cpus:.2g} CPUs; it could have had"
                f" {load.cpus:.3g}: {limits_in_words(load)}",
                source=Source.OBSERVED,
            ),
        ),
    )


def _feeds_a_pool(case: Case, demand: Demand) -> bool:
    """Whether most of these threads are a pool's own, or may be: the work is done elsewhere."""
    ids = (ThreadId(thread.pid, thread.tid) for thread in demand.computing)
    stacks = [case.tree.threads[each].stack for each in ids if each in case.tree.threads]
    if not any(stacks):
        children = case.tree.children_of[demand.pid]
        return any(role_of(case.tree, child) == "worker" for child in children)
    return sum(machinery_role(stack) is not None for stack in stacks) * 2 >= len(stacks)


def _idle(case: Case, thread: ThreadActivity) -> bool:
    """Whether the stack shows nothing of the work: it was taken between two tasks."""
    thread_id = ThreadId(thread.pid, thread.tid)
    return thread_id not in case.tree.threads or is_idle_worker(case.tree, thread_id)


RULE = Rule(
    id="gil-bound",
    title="Threads that compute take turns because of the GIL",
    severity=Severity.WARNING,
    summary="Several threads of a process want CPU time, wait for each other's GIL,"
    " and more CPUs are to be had.",
    needs="counters taken during the look, and the CPU limits of the target",
    check=_check,
    has_evidence=has_load,
    scope=Scope.PROCESS,
)
