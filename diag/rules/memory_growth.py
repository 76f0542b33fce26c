"""Memory that grows steadily towards a limit, and whose process it is."""

from collections.abc import Iterator

from diag.analysis.amounts import duration, mebibytes
from diag.analysis.case import Case
from diag.analysis.growth import Growth, steady_growth
from diag.analysis.points import of_process, room
from diag.analysis.rates import span_s
from diag.analysis.roles import role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ProcessId
from diag.model.sample import ProcessSample
from diag.rules.base import Rule
from diag.rules.pending_futures import piled_up_in

_GROWS_S = 4.0
_LEAST_GROWTH = 16 << 20
_LEAST_OF_ONE = 1 << 20
_SOON_S = 3600.0
_VERY_SOON_S = 600.0

_WORKER = (
    "A worker that keeps memory from task to task: look for what it adds to module-level lists,"
    " caches and loggers. `max_tasks_per_child` (maxtasksperchild of multiprocessing.Pool)"
    " replaces workers and bounds the loss."
)
_OWNER = (
    "It has a pool, and the tasks that wait there do not account for it: look for results that are"
    " kept. Drop each future with its result, write results out as they come, work in chunks."
)
_OTHERS = (
    "Look for what it adds to lists, dicts and caches and never takes out; give caches a size,"
    " read and write rows in chunks. Where it can not be helped, do each chunk in a process of its"
    " own (`max_tasks_per_child`), with a log of what is done."
)


def _check(case: Case) -> Iterator[Finding]:
    explained = piled_up_in(case)
    earliest: dict[ProcessId, int] = {}
    for sample in case.samples:
        for process in sample.processes:
            earliest.setdefault(process.id, process.rss_bytes)
    grown = [
        (growth, process)
        for process in case.samples[-1].processes
        if process.pid in case.tree.processes
        and process.pid not in explained
        and process.rss_bytes - earliest[process.id] >= _LEAST_OF_ONE
        and (growth := _growth(case, process)) is not None
    ]
    if not grown:
        return
    per_s = sum(growth.per_s for growth, _ in grown)
    growth, owner = max(grown, key=lambda pair: pair[0].per_s)
    if sum(each.last - each.first for each, _ in grown) < _LEAST_GROWTH:
        return
    used, limit, of_what = room(case)
    left_s = max(0.0, limit - used) / per_s
    if left_s <= _SOON_S:
        yield _finding(case, owner, growth, len(grown), left_s, of_what)


def _growth(case: Case, process: ProcessSample) -> Growth | None:
    points = of_process(case.samples, process.id, lambda each: each.rss_bytes)
    return steady_growth(points, least_span_s=_GROWS_S)


def _finding(
    case: Case, owner: ProcessSample, growth: Growth, growing: int, left_s: float, of_what: str
) -> Finding:
    role = role_of(case.tree, owner.pid)
    owns_pool = bool(case.tree.processes[owner.pid].pools)
    others = f" ({growing} processes grow)" if growing > 1 else ""
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY if left_s <= _VERY_SOON_S else Confidence.POSSIBLE,
        title=f"{role} {owner.pid} grows by {mebibytes(growth.per_s)} a second{others}:"
        f" {of_what} are used up in about {duration(left_s)}",
        explanation="Its resident memory rises all the time and gives nothing back. At the limit"
        " the kernel kills the largest process by SIGKILL.",
        advice=_WORKER if role == "worker" else _OWNER if owns_pool else _OTHERS,
        primary=case.locate_process(owner.pid),
        evidence=(
            Evidence(
                text=f"resident memory from {mebibytes(growth.first)} to"
                f" {mebibytes(growth.last)} in {growth.span_s:.1f} s, in each quarter of it",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="memory-growth",
    title="Memory grows steadily towards its limit",
    severity=Severity.WARNING,
    summary="The memory of a process rises in each part of a look of 4 s or more, and reaches"
    " the limit of its group or of the machine within an hour.",
    needs="a look of 4 s or more, as it is while something grows",
    check=_check,
    has_evidence=lambda case: span_s(case.samples) >= _GROWS_S,
)
