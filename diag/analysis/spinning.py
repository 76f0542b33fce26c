"""Threads that used CPU time from one look to the other and changed nothing that they can see."""

from diag.analysis.case import Case
from diag.analysis.starvation import wants_gil
from diag.model.base import Record
from diag.model.ids import ThreadId
from diag.model.sample import ThreadActivity, Turns
from diag.model.stack import Frame
from diag.model.thread import Thread
from diag.model.wait import WaitKind

LEAST_APART_S = 0.5
_LEAST_CPU_S = 0.25
_MOST_SYSTEM_SHARE = 0.2  # who uses more makes system calls, and their effect is not seen
LEAST_LOOKS = 12  # at the frames of a thread; with fewer, a call may be missed
# Who runs and is always seen in one of these calls it again and again: none of them takes long.
_BRIEF = frozenset(("acquire", "locked", "empty", "qsize", "is_set", "done"))
_FEW_PATHS = 3  # a loop and what it asks: a method of the program's own
# What blocks gets what it waited for, and frames that stand still for that time are read best.
_LEAST_RUNNING = 0.9


class Spin(Record, frozen=True):
    """A thread that gets nowhere.

    Attributes:
        used_s: CPU time that it used between the two looks.
        matching: whether it is inside of a regular expression.
        asks: the functions of the library that it asks in a loop.
        looks: how often its frames were looked at; 0 for the two looks alone.
        frame: where the loop is, None where the stack of the first look tells it.

    """

    used_s: float
    matching: bool
    asks: tuple[str, ...] = ()
    looks: int = 0
    frame: Frame | None = None


def spin_of(case: Case, thread_id: ThreadId) -> Spin | None:
    """Return how a thread gets nowhere, None if it may get somewhere."""
    before, after = case.tree.threads[thread_id], case.second.threads.get(thread_id)
    if after is None or before.start_ticks != after.start_ticks or case.apart_s < LEAST_APART_S:
        return None
    per_s = case.host.clock_ticks_per_s
    system_s = (after.system_ticks - before.system_ticks) / per_s
    used_s = system_s + (after.user_ticks - before.user_ticks) / per_s
    if used_s < _LEAST_CPU_S or _blocks(case, thread_id):
        return None
    turns = turns_of(case, thread_id)
    if turns is not None and goes_round(turns) and not turns.handles:
        return Spin(used_s, matching=False, asks=turns.asks, looks=turns.looks, frame=turns.frame)
    if system_s > _MOST_SYSTEM_SHARE * used_s or not _is_unchanged(case, thread_id, before, after):
        return None
    matching = before.standing is not None and before.standing.matching
    if turns is not None and not (_is_in_one_call(turns) if matching else _stands_still(turns)):
        return None
    return Spin(used_s=used_s, matching=matching)


def turns_of(case: Case, thread_id: ThreadId) -> Turns | None:
    """Return what the frames of a thread did over many looks, None if they were not seen."""
    activity = _activity_of(case, thread_id)
    return activity.turns if activity is not None else None


def _activity_of(case: Case, thread_id: ThreadId) -> ThreadActivity | None:
    """Return what a thread did over many quick looks, None if it was not looked at."""
    for activity in case.activities[-1:]:
        for thread in activity.threads:
            if (thread.pid, thread.tid) == (thread_id.pid, thread_id.tid):
                return thread
    return None


def _blocks(case: Case, thread_id: ThreadId) -> bool:
    """Whether a thread was seen to wait for anything but a CPU and the GIL."""
    seen = _activity_of(case, thread_id)
    if seen is None:
        return False
    return seen.running + seen.waiting_for_gil < _LEAST_RUNNING * seen.looks


def goes_round(turns: Turns) -> bool:
    """Return whether a thread turned in a loop, and came back to the same states all the time."""
    moves = turns.places > 1 or not _BRIEF.isdisjoint(turns.asks)
    return turns.looks >= LEAST_LOOKS and moves and not _gets_somewhere(turns)


def shows_new(turns: Turns) -> bool:
    """Return whether new values of variables were seen, or may have been where none are seen."""
    # A state that is its path's only one is new where the path was seen late, and only then.
    constant = turns.states == turns.paths <= _FEW_PATHS
    new_states = turns.new_states and not constant
    return bool(turns.new_values or new_states or turns.new_at_end or turns.opaque)


def _gets_somewhere(turns: Turns) -> bool:
    """Whether anything new was seen, numbers that it works with included."""
    return shows_new(turns) or turns.new_numbers > 0


def _stands_still(turns: Turns) -> bool:
    """Whether a loop shows nothing new, and works with nothing that is not watched."""
    return not (turns.new_values or turns.new_numbers or turns.opaque or turns.handles)


def _is_in_one_call(turns: Turns) -> bool:
    """Whether all looks show the same instruction, with the same in its hands."""
    return turns.places == 1 and turns.states == 1


def _is_unchanged(case: Case, thread_id: ThreadId, before: Thread, after: Thread) -> bool:
    """Whether all it has in its hands was the same in both looks, and it called nothing."""
    first, second = before.standing, after.standing
    if before.wait.kind is not WaitKind.RUNNING or first is None or second is None:
        return False
    if first.digest != second.digest:
        return False
    calls = first.calling or second.calling or _is_disturbed(case, thread_id)
    return first.matching or not calls


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
