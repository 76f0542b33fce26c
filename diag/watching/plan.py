"""When to do what: events in, the next step out. No I/O, no clock.

Calm: routine passes that cost next to nothing. When a thread has stopped moving that
had not been looked at while it stood still, or when one has ended that somebody may
wait for, the tree is looked at closely, and once more after a moment to confirm; the
answer holds until the threads that stand still change again. What all this costs is
kept below a share of one CPU.
"""

from enum import StrEnum
from typing import NamedTuple

from diag.collect.followed import Still
from diag.model.ids import ThreadId
from diag.watching.events import (
    Acted,
    Event,
    Exited,
    Interrupted,
    Judged,
    Looked,
    Lost,
    Passed,
)

CONFIRM_AFTER_S = 0.5
BURST_S = 2.0  # CPU time that close looks may take at once, before the share limits them
# Though nothing changed: a descriptor may have been closed, a handler set. And a tree
# that is busy may be busy with the wrong thing. A command may be short: the first comes early.
FIRST_CALM_LOOK_S = 2.0
CALM_LOOK_EVERY_S = 60.0
LIKELY_FOR_S = 10.0  # so long a hang without a proof has to last before it is acted on
OVERDUE_S = 2.0  # a tree that gives reasons all the time gets its regular look then
GROWTH_LOOK_EVERY_S = 5.0
ROUTINE_SHARE = 0.5  # of the budget; the rest is for close looks
REGULAR_SHARE = 0.15  # of the budget, for regular looks at a tree that is watched for long
HANG, TIME_OUT, INTERRUPTED, DONE = "hang", "time out", "interrupted", "done"
SUSPICION, REGULAR, STALL, GROWTH = "suspicion", "regular", "stall", "growth"


class Do(StrEnum):
    """What the loop can be told to do."""

    ROUTINE = "routine"  # one pass over the scheduler's counters
    LOOK = "look"  # everything once
    CONFIRM = "confirm"  # who has moved since; then judge
    ACT = "act"  # what is to be done on a hang
    STOP = "stop"


class Step(NamedTuple):
    """What to do next, and when (CLOCK_MONOTONIC); `because` for LOOK, ACT and STOP."""

    do: Do
    at_s: float
    because: str = ""


class Settings(NamedTuple):
    """How to watch.

    Attributes:
        interval_s: seconds between routine passes, if the budget allows.
        max_share: CPU time that diag may use, as a share of one CPU.
        for_s: how long to watch, None for as long as the target runs.
        act_on_hang: whether a hang is acted on, once.
        stall_s: for how long a tree may do nothing at all before that is looked into.
        act_on_time_out: whether the end of `for_s` is acted on like a hang.

    """

    interval_s: float = 0.5
    max_share: float = 0.02
    for_s: float | None = None
    stall_s: float = 60.0
    act_on_hang: bool = False
    act_on_time_out: bool = False


class Plan:
    """Decides the next step.

    Attributes:
        interval_s: seconds between routine passes now: longer than asked for where the
            tree is too large for the budget.
        still_s: for how long no thread of the tree has run, as far as it was watched.

    """

    def __init__(self, settings: Settings, now_s: float) -> None:
        self._settings = settings
        self.interval_s = settings.interval_s
        self.still_s = 0.0
        self._stall_seen = False
        self._end_s = None if settings.for_s is None else now_s + settings.for_s
        self._known: frozenset[Still] = frozenset()
        self._known_members: frozenset[ThreadId] = frozenset()
        self._seen: Passed | None = None
        self._looked_at_s = now_s
        self._counted_at_s = now_s
        self._calm_s = FIRST_CALM_LOOK_S
        self._every_s = CALM_LOOK_EVERY_S
        self._regular_cost_s: float | None = None
        self._purse_s = BURST_S
        self._filled_at_s = now_s
        self._hung_since_s: float | None = None
        self._acted = False
        self._ending: str | None = None

    def start(self, now_s: float) -> Step:
        """Return the first step."""
        return Step(Do.ROUTINE, now_s)

    def after(self, event: Event) -> Step:
        """Return the step that follows an event."""
        match event:
            case Exited():
                return Step(Do.STOP, event.at_s, "target exited")
            case Interrupted():
                return self._after_interrupt(event)
            case Passed():
                return self._after_pass(event)
            case Looked():
                self._pay(event.at_s, event.cost_s)
                if self._regular_cost_s is not None:
                    self._regular_cost_s += event.cost_s
                    return Step(Do.CONFIRM, event.at_s)  # it has counted for longer than that
                return Step(Do.CONFIRM, event.at_s + CONFIRM_AFTER_S)
            case Lost():
                self._pay(event.at_s, event.cost_s)
                return self._go_on(event.at_s)
            case Judged():
                self._pay(event.at_s, event.cost_s)
                self._space(event.cost_s)
                if self._is_hung(event) and self._settings.act_on_hang and not self._acted:
                    return Step(Do.ACT, event.at_s, HANG)
                return self._go_on(event.at_s)
            case Acted():
                return self._after_act(event)

    def _is_hung(self, event: Judged) -> bool:
        """Return whether to act: at once on a proof, later on what was judged so ever since."""
        if not event.hung:
            self._hung_since_s = None
            return False
        self._hung_since_s = event.at_s if self._hung_since_s is None else self._hung_since_s
        return event.proven or event.at_s - self._hung_since_s >= LIKELY_FOR_S

    def _after_interrupt(self, event: Interrupted) -> Step:
        if self._ending == INTERRUPTED:
            return Step(Do.STOP, event.at_s, INTERRUPTED)
        self._ending = INTERRUPTED
        return Step(Do.LOOK, event.at_s, SUSPICION)

    def _after_act(self, event: Acted) -> Step:
        if event.ended or self._ending is not None:
            return Step(Do.STOP, event.at_s, self._ending or HANG)
        self._acted = True
        return self._go_on(event.at_s)

    def _after_pass(self, event: Passed) -> Step:
        before, self._seen = self._seen, event
        self._count_still(before, event)
        share = self._settings.max_share * ROUTINE_SHARE
        # The first pass opens the files, and costs more than all later ones.
        if before is not None:
            self.interval_s = max(self._settings.interval_s, event.cost_s / share)
        reason = self._reason_to_look(event)
        if reason is None:
            return self._go_on(event.at_s)
        self._known, self._known_members = event.still, event.members
        self._looked_at_s = event.at_s
        if reason == REGULAR:
            self._counted_at_s = event.at_s
            self._calm_s = min(2 * self._calm_s, CALM_LOOK_EVERY_S)
        self._regular_cost_s = 0.0 if reason == REGULAR else None
        return Step(Do.LOOK, event.at_s, reason)

    def _space(self, cost_s: float) -> None:
        """Set the time between regular looks by what the last one cost."""
        if self._regular_cost_s is not None:
            share = self._settings.max_share * REGULAR_SHARE
            self._every_s = max(CALM_LOOK_EVERY_S, (self._regular_cost_s + cost_s) / share)
            self._regular_cost_s = None

    def _count_still(self, before: Passed | None, event: Passed) -> None:
        """Add up the time in which nobody ran; a long gap means that diag had no CPU either."""
        if before is None or len(event.still) < len(event.members):
            self.still_s, self._stall_seen = 0.0, False
            return
        self.still_s += min(event.at_s - before.at_s, 2 * self.interval_s)

    def _reason_to_look(self, event: Passed) -> str | None:
        """Return why the answer of the last close look may not hold any more, None if it does."""
        if self._is_over(event.at_s):
            return SUSPICION
        if self.still_s >= self._settings.stall_s and not self._stall_seen:
            self._stall_seen = True
            return STALL
        if self._purse(event.at_s) <= 0:
            return None
        busy = len(event.still) < len(event.members)
        calm_s = self._calm_s if self._calm_s < CALM_LOOK_EVERY_S else self._every_s
        overdue_s = event.at_s - self._counted_at_s - calm_s
        if busy and overdue_s >= OVERDUE_S:
            return REGULAR
        new = not event.still <= self._known
        ended = not self._known_members <= event.members
        if event.alarmed or (event.still and (new or ended)):
            return SUSPICION
        if event.grows and event.at_s >= self._looked_at_s + GROWTH_LOOK_EVERY_S:
            return GROWTH
        if not busy:
            overdue_s = event.at_s - self._looked_at_s - self._every_s
        return REGULAR if overdue_s >= 0 else None

    def _go_on(self, now_s: float) -> Step:
        if self._ending == TIME_OUT:
            return Step(Do.ACT, now_s, TIME_OUT)
        if self._ending is not None:
            return Step(Do.STOP, now_s, self._ending)
        at_s = now_s + self.interval_s if self._seen is None else self._seen.at_s + self.interval_s
        if self._end_s is not None:
            at_s = min(at_s, self._end_s)
        return Step(Do.ROUTINE, max(at_s, now_s))

    def _is_over(self, now_s: float) -> bool:
        """Whether the time is up: the last thing to do is one more close look."""
        if self._end_s is None or now_s < self._end_s:
            return False
        self._ending = TIME_OUT if self._settings.act_on_time_out else DONE
        return True

    def _purse(self, now_s: float) -> float:
        """Return the CPU time that close looks may take now."""
        share = self._settings.max_share * (1 - ROUTINE_SHARE)
        self._purse_s = min(BURST_S, self._purse_s + share * (now_s - self._filled_at_s))
        self._filled_at_s = now_s
        return self._purse_s

    def _pay(self, now_s: float, cost_s: float) -> None:
        self._purse_s = self._purse(now_s) - cost_s
