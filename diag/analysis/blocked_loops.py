"""Event loops that one callback has kept busy through the whole look."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.confirm import unmoved
from diag.analysis.event_loops import tasks_of
from diag.model.aio import Loop
from diag.model.base import Record
from diag.model.ids import ThreadId
from diag.model.wait import WaitKind

LATE_S = 0.5  # less is common on a busy machine


class BlockedLoop(Record, frozen=True):
    """An event loop that could do nothing between the two looks.

    Attributes:
        thread: that runs it.
        for_s: for how long at least.
        sleeps: whether it was in the same blocking call all the time.
        overdue_s: how late the next timer was at the second look, None if it was not due.
        ready: number of callbacks that wait for their turn.
        tasks: number of other tasks of the loop.

    """

    thread: ThreadId
    for_s: float
    sleeps: bool
    overdue_s: float | None
    ready: int
    tasks: int


def blocked_loops(case: Case) -> Iterator[BlockedLoop]:
    """Yield the loops of live threads that ran one and the same callback in both looks."""
    for thread_id, thread in case.tree.threads.items():
        loop = thread.loop
        if loop is None or loop.callback is None or thread_id in case.liveness.likely:
            continue
        blocked = _blocked(case, thread_id, loop)
        if blocked is not None:
            yield blocked


def _blocked(case: Case, thread_id: ThreadId, loop: Loop) -> BlockedLoop | None:
    """Return what keeps a loop; None if it may have gone round, or has nothing to do.

    The loop takes every timer that is due off its heap each time it goes round
    (BaseEventLoop._run_once): one that was set in the first look, and is overdue in
    the second, shows that it has not since then. So does a thread that has not run.
    """
    before, after = case.tree.threads[thread_id], case.second.threads.get(thread_id)
    if after is None or before.start_ticks != after.start_ticks:
        return None
    sleeps = unmoved(before, after) and before.wait.kind not in (
        WaitKind.RUNNING,
        WaitKind.STOPPED,
        WaitKind.FROZEN,
        WaitKind.TRACED,
    )
    due_s = loop.next_deadline_s
    overdue_s = after.read_at_s - due_s if due_s is not None else 0.0
    if not sleeps and not (overdue_s >= LATE_S and _same_round(loop, after.loop)):
        return None
    tasks = sum(task_id.address != loop.task for task_id in tasks_of(case.tree, thread_id))
    if overdue_s <= 0 and not loop.ready and not tasks:
        return None
    watched_s = after.read_at_s - before.read_at_s
    return BlockedLoop(
        thread=thread_id,
        for_s=max(watched_s if sleeps else 0.0, overdue_s),
        sleeps=sleeps,
        overdue_s=overdue_s if overdue_s > 0 else None,
        ready=loop.ready or 0,
        tasks=tasks,
    )


def _same_round(before: Loop, after: Loop | None) -> bool:
    return after is not None and (before.callback, before.next_deadline_s) == (
        after.callback,
        after.next_deadline_s,
    )
