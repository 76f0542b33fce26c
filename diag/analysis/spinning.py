"""Threads that used CPU time from one look to the other and changed nothing that they can see."""

from diag.analysis.case import Case
from diag.analysis.starvation import wants_gil
from diag.model.base import Record
from diag.model.ids import ThreadId
from diag.model.wait import WaitKind

LEAST_APART_S = 0.5
_LEAST_CPU_S = 0.25
_MOST_SYSTEM_SHARE = 0.2  # who uses more makes system calls, and their effect is not seen


class Spin(Record, frozen=True):
    """A thread that gets nowhere.

    Attributes:
        used_s: CPU time that it used between the two looks.
        matching: whether it is inside of a regular expression; else it spins in a
            loop that calls nothing.

    """

    used_s: float
    matching: bool


def spin_of(case: Case, thread_id: ThreadId) -> Spin | None:
    """Return how a thread gets nowhere, None if it may get somewhere."""
    before, after = case.tree.threads[thread_id], case.second.threads.get(thread_id)
    if after is None or before.start_ticks != after.start_ticks or case.apart_s < LEAST_APART_S:
        return None
    first, second = before.standing, after.standing
    if before.wait.kind is not WaitKind.RUNNING or first is None or second is None:
        return None
    if first.digest != second.digest:
        return None
    if not first.matching and (first.calling or second.calling or _is_disturbed(case, thread_id)):
        return None
    per_s = case.host.clock_ticks_per_s
    system_s = (after.system_ticks - before.system_ticks) / per_s
    used_s = system_s + (after.user_ticks - before.user_ticks) / per_s
    if used_s < _LEAST_CPU_S or system_s > _MOST_SYSTEM_SHARE * used_s:
        return None
    return Spin(used_s=used_s, matching=first.matching)


def _is_disturbed(case: Case, thread_id: ThreadId) -> bool:
    """Whether other threads of the process compute, too.

    Then it was found where it gives the GIL to them, between two turns of its loop, and
    not in the calls that it may make.
    """
    return any(
        wants_gil(tree.threads[other]) or tree.threads[other].wait.kind is WaitKind.RUNNING
        for tree in (case.tree, case.second)
        for other in tree.threads_of.get(thread_id.pid, ())
        if other != thread_id
    )
