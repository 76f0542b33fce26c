"""A pool that spends its time handing out tasks rather than doing them."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.roles import machinery_role, role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.sample import ThreadActivity
from diag.rules.base import Rule
from diag.rules.load import has_load

_LEAST_SHARE = 0.3
_LEAST_CPUS = 0.2


def _check(case: Case) -> Iterator[Finding]:
    if not case.activities:
        return
    activity = case.activities[-1]
    by_pid: dict[int, list[ThreadActivity]] = {}
    for thread in activity.threads:
        by_pid.setdefault(thread.pid, []).append(thread)
    second_ticks = (activity.ended_s - activity.started_s) * case.host.clock_ticks_per_s
    for pid, threads in by_pid.items():
        handing = [each for each in threads if _hands_out(case, each)]
        workers = [
            child
            for child in case.tree.children_of.get(pid, ())
            if role_of(case.tree, child) == "worker"
        ]
        spent = _ticks(handing)
        whole = _ticks(threads) + sum(_ticks(by_pid.get(child, [])) for child in workers)
        # A pool that spins without handing out anything has another trouble.
        worked = whole > _ticks(threads)
        if worked and spent >= _LEAST_CPUS * second_ticks and spent >= _LEAST_SHARE * whole:
            yield _finding(case, pid, handing, workers, spent / whole, spent / second_ticks)


def _ticks(threads: list[ThreadActivity]) -> int:
    return sum(thread.cpu_ticks for thread in threads)


def _hands_out(case: Case, thread: ThreadActivity) -> bool:
    seen = case.tree.threads.get(ThreadId(thread.pid, thread.tid))
    return seen is not None and machinery_role(seen.stack) is not None


def _finding(
    case: Case,
    pid: int,
    handing: list[ThreadActivity],
    workers: list[int],
    share: float,
    cpus: float,
) -> Finding:
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"the pool of {role_of(case.tree, pid)} {pid} spends {share:.0%} of its CPU time"
        " handing out tasks and collecting results",
        explanation="Each task is pickled, sent through a pipe, unpickled, and so is its result."
        " Where that costs as much as the task itself, workers wait for the parent, and more of"
        " them make nothing faster.",
        advice="Many small tasks: send them in chunks, `pool.map(f, items, chunksize=n)` with n"
        f" about len(items) / {4 * len(workers)} here, so that a chunk takes a tenth of a second"
        " or more. Few large ones: send a path or a shared_memory name instead of the data.",
        primary=case.locate_process(pid),
        related=tuple(case.locate_process(worker) for worker in workers),
        evidence=(
            Evidence(
                text=f"{len(handing)} threads of the pool itself used {cpus:.2g} CPUs in {pid},"
                f" {share:.0%} of what it and its {len(workers)} workers used",
                source=Source.OBSERVED,
            ),
            Evidence(
                text="what these threads are is told from their stacks", source=Source.INFERRED
            ),
        ),
    )


RULE = Rule(
    id="tiny-tasks",
    title="A pool spends its time on handing out tasks",
    severity=Severity.WARNING,
    summary="The threads of a pool that feed its workers and take their results use a third or"
    " more of the CPU time of the parent and the workers.",
    needs="counters taken during the look, and Python stacks",
    check=_check,
    has_evidence=has_load,
)
