"""Workers of a `multiprocessing.Pool` that end as soon as they are started, for ever.

The pool replaces them every tenth of a second (multiprocessing/pool.py, `_handle_workers`)
and has no limit. They end with an exit code where the initializer raises; what a task raises
is caught, and what `maxtasksperchild` ends has exit code 0.
"""

from collections.abc import Iterator
from typing import NamedTuple

from diag.analysis.case import Case
from diag.analysis.endings import exit_code_of, exit_statuses, last_seen
from diag.analysis.roles import is_helper
from diag.model.ids import ProcessId, ThreadId
from diag.model.pool import Pool, PoolKind
from diag.model.subject import SubjectKind

_LEAST_GENERATIONS = 3


class Doomed(NamedTuple):
    """A pool whose workers never get to a task.

    Attributes:
        waiter: thread that waits for a result of it.
        pool: itself.
        ended: number of its workers that ended during the look.
        codes: the exit codes with which they did.

    """

    waiter: ThreadId
    pool: Pool
    ended: int
    codes: tuple[int, ...]


def doomed_pools(case: Case) -> Iterator[Doomed]:
    """Yield the only pool of each process all of whose workers are replaced again and again."""
    if not case.samples:
        return
    for process in case.tree.processes.values():
        if len(process.pools) != 1 or process.pools[0].kind is not PoolKind.MULTIPROCESSING:
            continue
        (pool,) = process.pools
        waiter = _waiter(case, process.pid)
        codes = _codes(case, process.pid)
        size = max(pool.max_workers or len(pool.pids), 1)
        enough = len(codes) >= _LEAST_GENERATIONS * size and all(codes.values())
        if waiter is not None and enough and not _outlived(case, process.pid):
            found = {code for code in codes.values() if code}
            yield Doomed(waiter, pool, len(codes), tuple(sorted(found)))


def _waiter(case: Case, pid: int) -> ThreadId | None:
    """Return a thread that waits without a time-out for a result of a pool."""
    for thread_id in case.tree.threads_of[pid]:
        thread = case.tree.threads[thread_id]
        subject = thread.subject
        if subject is not None and subject.kind is SubjectKind.POOL_RESULT:
            return None if thread.wait.timed else thread_id
    return None


def _codes(case: Case, pid: int) -> dict[ProcessId, int | None]:
    """Return the exit codes of the children that ended, None of those that a signal ended."""
    parents, seen = _parents(case, pid), last_seen(case.samples)
    return {
        child: exit_code_of(status)
        for child, status in exit_statuses(case.samples).items()
        if child in seen and seen[child].parent_pid in parents
    }


def _parents(case: Case, pid: int) -> frozenset[int]:
    """Return who starts the workers of a process: itself, or its fork server."""
    children = (case.tree.processes[child] for child in case.tree.children_of[pid])
    return frozenset({pid, *(child.pid for child in children if is_helper(child))})


def _outlived(case: Case, pid: int) -> bool:
    """Whether a child that may be a worker was there from the first sample to the last."""
    parents = _parents(case, pid)
    first, last = (
        {each.id for each in sample.processes if each.parent_pid in parents and each.state != "Z"}
        for sample in (case.samples[0], case.samples[-1])
    )
    return any(each.pid not in parents for each in first & last)
