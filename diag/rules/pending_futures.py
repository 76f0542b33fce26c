"""A pool that was handed far more than it can do, and the memory that this takes."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from diag.analysis.amounts import duration, mebibytes
from diag.analysis.case import Case
from diag.analysis.frames import is_library
from diag.analysis.growth import steady_growth
from diag.analysis.points import of_process, room
from diag.analysis.roles import role_of
from diag.model.finding import Confidence, Evidence, Finding, Location, Severity, Source
from diag.model.ids import ThreadId
from diag.model.pool import Kept, Pool
from diag.model.process import Process
from diag.rules.base import Rule, Scope

_LEAST_BYTES = 24 << 20
_LEAST_SHARE = 0.1  # of a memory limit that is smaller than usual
# A future with its condition, and the work item (measured: 2.1 to 2.4 KB on 3.9 and 3.13).
_TASK_BYTES = 2000
_LEAST_IN_FUTURES = 128 << 20  # tens of thousands of small tasks are common, and harmless
_WORTH_SAYING = 0.01
_TASKS_A_WORKER = 8  # a window of a few tasks each keeps all workers busy
_GROWS_S = 0.8  # beside what was counted, a short look will do
_LIBRARY = ("/concurrent/futures/_base.py", "/concurrent/futures/process.py")
_SOON_S = 3600.0


class _Pile(NamedTuple):
    """What one process holds for the sake of one pool."""

    process: Process
    pool: Pool
    kept: Kept | None

    @property
    def waiting_bytes(self) -> int:
        backlog = self.pool.backlog
        return backlog.held_bytes or 0 if backlog is not None else 0

    @property
    def kept_bytes(self) -> int:
        return self.kept.held_bytes or 0 if self.kept is not None else 0

    @property
    def tasks(self) -> int:
        backlog = self.pool.backlog
        return backlog.tasks if backlog is not None else self.pool.waiting or 0

    @property
    def held_bytes(self) -> int:
        futures = max(self.tasks, self.kept.futures if self.kept is not None else 0)
        return self.waiting_bytes + self.kept_bytes + _TASK_BYTES * futures

    @property
    def workers(self) -> int:
        return max(1, self.pool.max_workers or len(self.pool.pids))

    def is_large(self, limit_bytes: float) -> bool:
        """Whether it is far more than keeps the workers busy, in number and in bytes."""
        least = min(_LEAST_BYTES, _LEAST_SHARE * limit_bytes)
        futures = self.kept.futures if self.kept is not None and self.tasks else 0
        resident = self.process.rss_bytes
        payload = self.waiting_bytes + self.kept_bytes
        return (
            max(self.tasks, futures) > _TASKS_A_WORKER * self.workers
            and (payload >= least or self.held_bytes >= _LEAST_IN_FUTURES)
            and (resident is None or resident >= least)
        )


def _check(case: Case) -> Iterator[Finding]:
    _, limit, _ = room(case)
    for process in case.tree.processes.values():
        kept = max(process.kept, key=lambda each: each.held_bytes or 0, default=None)
        piles = [_Pile(process, pool, kept) for pool in process.pools]
        large = [pile for pile in piles if pile.is_large(limit)]
        if large:
            yield _finding(case, max(large, key=lambda pile: pile.waiting_bytes))


def piled_up_in(case: Case) -> frozenset[int]:
    """Return the processes whose memory a pool's pile accounts for: this rule speaks of them."""
    return frozenset(finding.primary.pid for finding in _check(case))


def _finding(case: Case, pile: _Pile) -> Finding:
    pid = pile.process.pid
    held = pile.held_bytes
    _, limit, of_what = room(case)
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{pile.tasks} tasks wait for {pile.workers} workers of {role_of(case.tree, pid)}"
        f" {pid}; with the results that are kept they hold {mebibytes(held)} of {of_what}"
        f"{_share(held / limit)}{_forecast(case, pile.process)}",
        explanation="submit() and apply_async() never block: each task keeps its arguments until"
        " it is done, and each future its result until nobody has the future any more."
        " as_completed() and wait() take all futures first, also from a generator.",
        advice=f"Submit a window: {2 * pile.workers} tasks, then one more for each that"
        " wait(..., return_when=FIRST_COMPLETED) gives back;"
        f" executor.map(..., buffersize={2 * pile.workers}) on 3.14 and later; or a"
        " BoundedSemaphore taken before submit() and released by add_done_callback()."
        " Drop each future with its result, and pass paths rather than data.",
        primary=_place(case, pile),
        evidence=tuple(_evidence(pile)),
    )


def _share(part: float) -> str:
    return f" ({part:.0%})" if part >= _WORTH_SAYING else ""


def _place(case: Case, pile: _Pile) -> Location:
    """Return the function that keeps the futures, or that asks a library for all of them."""
    main = ThreadId(pile.process.pid, pile.process.pid)
    kept = pile.kept
    if kept is not None and (holder := ThreadId(main.pid, kept.tid)) in case.tree.threads:
        return replace(case.locate(holder), function=kept.function, file=kept.file, line=kept.line)
    place = case.locate_process(main.pid)
    thread = case.tree.threads.get(main)
    frames = thread.stack.own_frames if thread is not None and thread.stack is not None else ()
    for library, caller in pairwise(frames):
        if library.file.endswith(_LIBRARY) and not is_library(caller):
            return replace(place, function=caller.function, file=caller.file, line=caller.line)
    return place


def _forecast(case: Case, process: Process) -> str:
    """Return when the limit is reached at the present pace, "" if that is far off."""
    points = of_process(case.samples, process.id, lambda each: each.rss_bytes)
    growth = steady_growth(points, least_span_s=_GROWS_S)
    if growth is None:
        return ""
    used, limit, _ = room(case)
    left_s = max(0.0, limit - used) / growth.per_s
    pace = f", and it grows by {mebibytes(growth.per_s)} a second"
    return f"{pace}: all used up in about {duration(left_s)}" if left_s <= _SOON_S else pace


def _evidence(pile: _Pile) -> Iterator[Evidence]:
    backlog, kept = pile.pool.backlog, pile.kept
    if backlog is not None and backlog.sampled:
        yield Evidence(
            text=f"{backlog.tasks} tasks of a {pile.pool.kind.value} are not done; their arguments"
            f" hold about {mebibytes(pile.waiting_bytes)}, by a sample of {backlog.sampled}"
            + _unsized(backlog.unsized),
            source=Source.READ,
        )
    if kept is not None and kept.sampled:
        yield Evidence(
            text=f"`{kept.name}` of {kept.function} has {kept.futures} futures; about {kept.done}"
            f" are done and keep results of about {mebibytes(pile.kept_bytes)}, by a sample"
            f" of {kept.sampled}" + _unsized(kept.unsized),
            source=Source.READ,
        )
    futures = max(pile.tasks, kept.futures if kept is not None else 0)
    yield Evidence(
        text=f"{futures} futures take about {mebibytes(_TASK_BYTES * futures)} themselves",
        source=Source.INFERRED,
    )
    if pile.process.rss_bytes is not None:
        yield Evidence(
            text=f"the process has {mebibytes(pile.process.rss_bytes)} resident",
            source=Source.OBSERVED,
        )


def _unsized(types: tuple[str, ...]) -> str:
    if not types:
        return ""
    return f"; not sized: {', '.join(types)}, whose data are in no object that can be read"


RULE = Rule(
    id="pending-futures",
    title="A pool was handed far more than it can do, and holds it in memory",
    severity=Severity.WARNING,
    summary="More than eight tasks a worker wait in a pool, and their arguments and the results"
    " that futures keep hold 24 MiB, or a tenth of the memory limit.",
    needs="Python stacks, and counters taken during the look",
    check=_check,
    has_evidence=lambda case: bool(case.samples),
    scope=Scope.PROCESS,
)
