"""Which pools a process has made, when, and which children were born together."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diag.analysis.case import Case
from diag.analysis.completions import workers_of
from diag.model.ids import ThreadId
from diag.model.pool import Pool, PoolKind
from diag.model.process import Process
from diag.model.sample import ProcessSample

OF_THREADS = (PoolKind.THREADS, PoolKind.MULTIPROCESSING_THREADS)
_BORN_TOGETHER_S = 0.15


class Made(NamedTuple):
    """A pool, and for how long it has been there.

    Attributes:
        pool: as it was read.
        keeper: the oldest thread that keeps it going.
        age_s: of that thread.
        idle: whether its workers are known, and none has anything to do.

    """

    pool: Pool
    keeper: ThreadId
    age_s: float
    idle: bool


def pools_made(case: Case, owner: Process) -> Iterator[Made]:
    """Yield the pools of a process whose keepers were seen."""
    now_s = case.tree.snapshot.started_s
    for pool in owner.pools:
        staff = workers_of(case.tree, owner, pool) or {}
        keepers = [*(staff if pool.kind in OF_THREADS else _keepers(case, owner, pool))]
        if not keepers:
            continue
        first = min(keepers, key=lambda each: case.tree.threads[each].start_ticks)
        started_s = case.tree.threads[first].start_ticks / case.host.clock_ticks_per_s
        idle = bool(staff) and not any(worker.busy for worker in staff.values())
        yield Made(pool, first, max(0.0, now_s - started_s), idle)


def _keepers(case: Case, owner: Process, pool: Pool) -> Iterator[ThreadId]:
    """Yield the threads of the owner that run the loop of a pool of processes."""
    for thread_id in case.tree.threads_of[owner.pid]:
        stack = case.tree.threads[thread_id].stack
        for frame in stack.own_frames if stack is not None else ():
            if pool.address in (frame.self_address, frame.objects.get("inqueue")):
                yield thread_id


def children_in(case: Case, owner: Process) -> list[ProcessSample]:
    """Return the children that were seen in the samples, each as it was seen last."""
    latest = {
        each.id: each
        for sample in case.samples
        for each in sample.processes
        if each.parent_pid == owner.pid
    }
    return list(latest.values())


def born_in(case: Case, owner: Process) -> list[ProcessSample]:
    """Return those of them that appeared after the first sample."""
    known = {each.id for each in case.samples[0].processes}
    return [child for child in children_in(case, owner) if child.id not in known]


def sets_of(children: Iterable[ProcessSample], case: Case) -> list[list[ProcessSample]]:
    """Return children in sets that were born together, the oldest first."""
    sets: list[list[ProcessSample]] = []
    apart = _BORN_TOGETHER_S * case.host.clock_ticks_per_s
    for child in sorted(children, key=lambda each: each.id.start_ticks):
        if sets and child.id.start_ticks - sets[-1][-1].id.start_ticks <= apart:
            sets[-1].append(child)
        else:
            sets.append([child])
    return sets
