"""Pools that are made again and again, and the workers that each leaves behind."""

from collections.abc import Iterator

from diag.analysis.amounts import duration, plural
from diag.analysis.case import Case
from diag.analysis.completions import workers_of
from diag.analysis.deaths import deaths_in, status_in_words, workers_in
from diag.analysis.generations import OF_THREADS, Made, born_in, pools_made, sets_of
from diag.analysis.rates import oom_kills, span_s
from diag.analysis.roles import ends_broken_pool, role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.pool import PoolKind
from diag.model.process import Process
from diag.rules.base import Rule

_LEAST_IDLE = 4  # pools that nobody uses, beside any that are used
_RECENT_S = 0.6
_START_S = 3.0  # many a program makes all its pools then, one after the other
_APART_S = 0.05  # closer, and they were made together
_LEAST_DEATHS = 3  # two are what it takes to find out who kills its worker even when alone
_LEAST_GENERATIONS = 5
_GENERATIONS_A_S = 2.0

_BROKEN = (
    "A worker dies, the pool breaks, and the program makes a new one and tries again: if the"
    " task itself kills its worker, for ever. What the old pools leave behind adds up."
)
_RESPAWNED = (
    "multiprocessing.Pool starts another worker for each that ends, for ever, and does not tell"
    " anybody: what dies in its initializer dies again, and a task that was lost is never done."
)
_SET_ASIDE = (
    "Count tries per task: after two set it aside and report it. Wait for the old pool, with"
    " `with` or shutdown(wait=True), before there is a new one."
)


def remakes_pools(case: Case) -> frozenset[int]:
    """Return the processes whose children this rule accounts for."""
    return frozenset(finding.primary.pid for finding in _check(case))


def _check(case: Case) -> Iterator[Finding]:
    parents = {each.parent_pid for sample in case.samples for each in sample.processes}
    for process in case.tree.processes.values():
        if not process.pools and process.pid not in parents:
            continue
        made = sorted(pools_made(case, process), key=lambda each: -each.age_s)
        finding = _broken(case, process, made) or _abandoned(case, process, made)
        # Where the kernel kills for want of memory, that breaks them: a finding of its own.
        if finding is None and not oom_kills(case.samples):
            finding = _dying_again(case, process) or _made_anew(case, process)
        if finding is not None:
            yield finding


def _broken(case: Case, owner: Process, made: list[Made]) -> Finding | None:
    """Report broken pools that still are being ended while there is another."""
    ending = [
        thread_id
        for thread_id in case.tree.threads_of[owner.pid]
        if ends_broken_pool(case.tree.threads[thread_id].stack)
    ]
    others = [each for each in made if each.keeper not in ending]
    if not ending:
        return None
    left = [pid for each in made if each.keeper in ending for pid in each.pool.pids]
    # One that ends, and pools before it: each may have been made for a piece of work of its own.
    dead = {each.pid for each in deaths_in(case, owner)}
    again = others or len(dead.difference(left)) > (0 if left else 1)
    if len(ending) < 2 and not (again and born_in(case, owner)):
        return None
    return _finding(
        case,
        owner,
        f"has {plural(len(ending), 'broken pool')} that still end, and makes another each time",
        _BROKEN,
        _SET_ASIDE,
        [
            f"{plural(len(ending), 'thread')} in terminate_broken() of concurrent.futures.process",
            f"{plural(len(others), 'other pool')} beside them",
            *_children(case, owner, left),
        ],
    )


def _abandoned(case: Case, owner: Process, made: list[Made]) -> Finding | None:
    """Report pools that nobody uses and that were made one after the other until just now."""
    alike: dict[tuple[PoolKind, int | None], list[Made]] = {}
    for each in made:
        if each.idle:
            alike.setdefault((each.pool.kind, each.pool.max_workers), []).append(each)
    idle = max(alike.values(), key=len, default=[])
    if len(idle) < _LEAST_IDLE:
        return None
    apart_s = (idle[0].age_s - idle[-1].age_s) / (len(idle) - 1)
    if apart_s < _APART_S or idle[-1].age_s > max(_RECENT_S, 3 * apart_s):
        return None
    began_s = owner.id.start_ticks / case.host.clock_ticks_per_s
    if case.tree.snapshot.started_s - began_s < _START_S:
        return None
    workers = sum(len(workers_of(case.tree, owner, each.pool) or {}) for each in idle)
    what = "threads" if idle[0].pool.kind in OF_THREADS else "processes"
    return _finding(
        case,
        owner,
        f"has {len(made)} pools; {len(idle)} of them, alike and made one every {apart_s:.1f} s,"
        f" have nothing to do for their {workers} {what}",
        "An executor that is made for each call and never shut down keeps its workers: they wait"
        " for tasks that nobody will send, until there are too many of them or no memory is left.",
        "Make one executor at the start and share it; where one is needed for a moment, make it in"
        " a `with` block.",
        [
            f"pools of {', '.join(duration(each.age_s) for each in idle[:8])} of age",
            *_children(case, owner, [pid for each in idle for pid in each.pool.pids]),
        ],
    )


def _dying_again(case: Case, owner: Process) -> Finding | None:
    """Report workers of which one dies each time that they have been replaced."""
    if not _uses_a_pool(case, owner):
        return None
    deaths = deaths_in(case, owner)
    sets = sets_of(workers_in(case, owner), case)
    last = {each.id for each in case.samples[-1].processes if each.state != "Z"}
    over = [members for members in sets if not any(each.id in last for each in members)]
    dead = [members for members in over if any(each.id in deaths for each in members)]
    ends = {deaths[each.id] for members in dead for each in members if each.id in deaths}
    bad = sorted(map(status_in_words, ends))
    if len(dead) < _LEAST_DEATHS or 2 * len(dead) < len(over):
        return None
    respawned = any(pool.kind is PoolKind.MULTIPROCESSING for pool in owner.pools)
    return _finding(
        case,
        owner,
        f"made its workers anew after a death {len(dead)} times in {span_s(case.samples):.1f} s",
        _RESPAWNED if respawned else _BROKEN,
        _SET_ASIDE,
        [
            f"{len(sets)} sets of children were born, each together",
            f"{len(over)} are gone; in {len(dead)} of them one ended badly: {', '.join(bad)}",
            *_children(case, owner, []),
        ],
    )


def _made_anew(case: Case, owner: Process) -> Finding | None:
    """Report pools of processes that follow one another quickly, each with new threads."""
    others = set(case.tree.threads_of[owner.pid]) - {ThreadId(owner.pid, owner.pid)}
    if not _uses_a_pool(case, owner) or others & case.second.threads.keys():
        return None
    size = max(
        sum(each.parent_pid == owner.pid for each in sample.processes) for sample in case.samples
    )
    born, seen_s = born_in(case, owner), span_s(case.samples)
    generations = len(born) / max(1, size)
    if generations < max(_LEAST_GENERATIONS, _GENERATIONS_A_S * seen_s):
        return None
    return _finding(
        case,
        owner,
        f"made its pool of {size} anew at least {generations:.0f} times in {seen_s:.1f} s",
        "Each new pool starts its workers from nothing. Where a worker's death broke the pool and"
        " the same task comes first again, it never ends.",
        "Keep one pool. If it breaks, count tries per task and set aside the one that kills its"
        " worker.",
        [
            f"{len(born)} children were born in {seen_s:.1f} s",
            "no thread beside the main one outlived the look, as those of one pool would",
        ],
    )


def _uses_a_pool(case: Case, owner: Process) -> bool:
    """Whether a thread is in a pool's code, or a child is a worker: in new ones nothing is seen."""
    stacks = (case.tree.threads[each].stack for each in case.tree.threads_of[owner.pid])
    frames = (frame for stack in stacks if stack is not None for frame in stack.own_frames)
    return (
        any(pool.kind not in OF_THREADS for pool in owner.pools)
        or any("/concurrent/futures/" in frame.file for frame in frames)
        or any(role_of(case.tree, pid) == "worker" for pid in case.tree.children_of[owner.pid])
    )


def _children(case: Case, owner: Process, left: list[int]) -> Iterator[str]:
    children = len(case.tree.children_of[owner.pid])
    if left:
        yield f"{plural(len(left), 'worker')} of them still there; it has {children} children"
    if born := born_in(case, owner):
        yield f"{len(born)} more children appeared in {span_s(case.samples):.1f} s"


def _finding(
    case: Case, owner: Process, what: str, explanation: str, advice: str, evidence: list[str]
) -> Finding:
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{role_of(case.tree, owner.pid)} {owner.pid} {what}",
        explanation=explanation,
        advice=advice,
        primary=case.locate_process(owner.pid),
        evidence=tuple(Evidence(text=text, source=Source.OBSERVED) for text in evidence),
    )


RULE = Rule(
    id="pool-recreated",
    title="Pools are made again and again",
    severity=Severity.WARNING,
    summary="Broken pools still end while there is another, or four or more pools that were made"
    " one after the other have nothing to do, or a pool is replaced several times a second.",
    needs="Python stacks, and counters taken during the look",
    check=_check,
    has_evidence=lambda case: len(case.samples) >= 2,
)
