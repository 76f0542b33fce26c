"""The plan of a watch, with a clock that is only a number."""

import itertools

import pytest

from diag.collect.followed import Still
from diag.model.ids import ThreadId
from diag.watching.events import Acted, Exited, Interrupted, Judged, Looked, Lost, Passed
from diag.watching.plan import (
    BURST_S,
    CALM_LOOK_EVERY_S,
    CONFIRM_AFTER_S,
    FIRST_CALM_LOOK_S,
    LIKELY_FOR_S,
    OVERDUE_S,
    REGULAR_SHARE,
    Do,
    Plan,
    Settings,
    Step,
)


def still(*tids: int, counters: bytes = b"1 2 3") -> frozenset[Still]:
    return frozenset((ThreadId(1, tid), counters) for tid in tids)


def members(*tids: int) -> frozenset[ThreadId]:
    return frozenset(ThreadId(1, tid) for tid in tids)


def passed(
    at_s: float,
    standing: frozenset[Still] = frozenset(),
    *,
    of: frozenset[ThreadId] | None = None,
    cost_s: float = 0.0,
) -> Passed:
    everyone = of if of is not None else members(1, 2, 3)
    return Passed(at_s, standing, everyone, cost_s)


class Clockwork:
    """Runs a plan against a world that answers at once."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.plan = Plan(settings or Settings(), 0.0)
        self.step = self.plan.start(0.0)
        self.done: list[Step] = []

    def pass_(self, standing: frozenset[Still], of: frozenset[ThreadId] | None = None) -> Step:
        assert self.step.do is Do.ROUTINE
        self.step = self.plan.after(passed(self.step.at_s, standing, of=of))
        return self.step

    def look(self, *, hung: bool = False, cost_s: float = 0.1) -> Step:
        assert self.step.do is Do.LOOK
        self.step = self.plan.after(Looked(self.step.at_s + 0.2, cost_s))
        assert self.step.do is Do.CONFIRM
        self.step = self.plan.after(Judged(self.step.at_s, cost_s, hung))
        return self.step


def test_a_tree_in_which_everybody_moves_gets_routine_passes_only() -> None:
    world = Clockwork()
    for number in range(1, int(FIRST_CALM_LOOK_S / Settings().interval_s)):
        step = world.pass_(still())
        assert step == Step(Do.ROUTINE, number * 0.5)


def test_who_stands_still_is_looked_at_at_once_and_confirmed_half_a_second_later() -> None:
    plan = Plan(Settings(), 0.0)
    plan.after(passed(0.0))
    assert plan.after(passed(0.5, still(1))) == Step(Do.LOOK, 0.5, "suspicion")
    assert plan.after(Looked(0.8, 0.1)) == Step(Do.CONFIRM, 0.8 + CONFIRM_AFTER_S)


def test_a_hang_is_judged_within_two_seconds_of_its_onset() -> None:
    """Onset just after a pass: one interval to be seen, one to have stood still."""
    interval_s, look_s = Settings().interval_s, 0.4
    assert 2 * interval_s + look_s + CONFIRM_AFTER_S < 2.0


def test_the_answer_holds_while_the_same_threads_stand_still() -> None:
    world = Clockwork()
    world.pass_(still(1, 2))
    world.look()
    for _ in range(5):
        assert world.pass_(still(1, 2)).because in ("", "regular")
        if world.step.do is Do.LOOK:
            world.look()
    assert world.pass_(still(1)).do is Do.ROUTINE, "one that moves again can only help"


@pytest.mark.parametrize(
    ("standing", "of"),
    [
        (still(1, 2, 3), members(1, 2, 3)),
        (still(1) | still(2, counters=b"other"), members(1, 2, 3)),
        (still(1, 2), members(1, 2)),
    ],
    ids=["another stands still", "one moved and stands still again", "one has ended"],
)
def test_a_change_of_those_that_stand_still_asks_for_another_look(
    standing: frozenset[Still], of: frozenset[ThreadId]
) -> None:
    world = Clockwork()
    world.pass_(still(1, 2))
    world.look()
    assert world.pass_(standing, of).do is Do.LOOK


def test_the_end_of_a_thread_matters_only_while_somebody_stands_still() -> None:
    world = Clockwork()
    world.pass_(still(1))
    world.look()
    assert world.pass_(still(), members(1)).do is Do.ROUTINE


def test_a_calm_tree_is_looked_at_once_in_a_while() -> None:
    world = Clockwork(Settings(stall_s=1000.0))
    world.pass_(still(1, 2, 3))
    world.look()
    while world.step.at_s < CALM_LOOK_EVERY_S:
        assert world.pass_(still(1, 2, 3)).do is Do.ROUTINE
    step = world.pass_(still(1, 2, 3))
    assert (step.do, step.because) == (Do.LOOK, "regular")


def test_a_busy_tree_is_looked_at_once_in_a_while() -> None:
    world = Clockwork()
    looks = []
    while world.step.at_s < 300.0:
        if (step := world.pass_(still())).do is Do.LOOK:
            assert step.because == "regular"
            looks.append(step.at_s)
            world.look(cost_s=0.05)
    apart = [after - before for before, after in itertools.pairwise([0.0, *looks])]
    assert apart[:6] == pytest.approx([2, 4, 8, 16, 32, CALM_LOOK_EVERY_S], abs=1.0)


def test_a_busy_tree_that_always_gives_reasons_to_look_gets_its_regular_look_too() -> None:
    world = Clockwork()
    reasons = []
    for number in range(20):
        if (step := world.pass_(still(1, counters=b"%d" % number))).do is Do.LOOK:
            reasons.append((step.because, step.at_s))
            world.look(cost_s=0.01)
    at_s = next(at_s for because, at_s in reasons if because == "regular")
    assert at_s < FIRST_CALM_LOOK_S + OVERDUE_S + 1.0


def test_what_grows_is_looked_at_every_few_seconds() -> None:
    plan = Plan(Settings(), 0.0)
    looks = []
    for number in range(1, 24):
        event = passed(number * 0.5)._replace(grows=True)
        if (step := plan.after(event)).do is Do.LOOK:
            looks.append((step.because, step.at_s))
            plan.after(Looked(step.at_s, 0.01))
            plan.after(Judged(step.at_s, 0.01, False))
    assert looks == [("regular", 2.0), ("regular", 6.0), ("growth", 11.0)]


def test_close_looks_stay_within_the_budget_though_the_tree_changes_all_the_time() -> None:
    world = Clockwork(Settings(max_share=0.02))
    cost_s, looks, number = 0.3, 0, 0
    while world.step.at_s < 600.0:
        number += 1
        if world.pass_(still(1, counters=b"%d" % number)).do is Do.LOOK:
            looks += 1
            world.look(cost_s=cost_s / 2)
    assert looks * cost_s <= BURST_S + 600.0 * 0.02
    assert looks * cost_s >= 600.0 * 0.005, "and they do happen"


def test_a_dear_pass_stretches_the_interval() -> None:
    plan = Plan(Settings(max_share=0.02), 0.0)
    plan.after(passed(0.0, cost_s=0.5))
    assert plan.interval_s == 0.5, "the first pass opens files, and does not count"
    step = plan.after(passed(0.5, cost_s=0.05))
    assert plan.interval_s == pytest.approx(5.0)
    assert step == Step(Do.ROUTINE, pytest.approx(5.5))  # type: ignore[arg-type]
    plan.after(passed(5.5, cost_s=0.001))
    assert plan.interval_s == 0.5


def test_a_hang_is_reported_and_the_watch_goes_on() -> None:
    world = Clockwork()
    world.pass_(still(1))
    assert world.look(hung=True).do is Do.ROUTINE


def test_a_hang_is_acted_on_once() -> None:
    world = Clockwork(Settings(act_on_hang=True))
    world.pass_(still(1))
    step = world.look(hung=True)
    assert (step.do, step.because) == (Do.ACT, "hang")
    world.step = world.plan.after(Acted(step.at_s, ended=False))
    assert world.pass_(still(1, 2)).do is Do.LOOK
    assert world.look(hung=True).do is Do.ROUTINE


def test_a_hang_without_a_proof_is_acted_on_when_it_lasts() -> None:
    plan = Plan(Settings(act_on_hang=True), 0.0)

    def judged(at_s: float, *, hung: bool = True) -> Do:
        return plan.after(Judged(at_s, 0.1, hung, proven=False)).do

    assert judged(1.0) is not Do.ACT
    assert judged(4.0, hung=False) is not Do.ACT
    assert judged(8.0) is not Do.ACT
    assert judged(8.0 + LIKELY_FOR_S - 0.1) is not Do.ACT
    assert judged(8.0 + LIKELY_FOR_S) is Do.ACT


def test_a_hang_whose_tree_was_ended_ends_the_watch() -> None:
    plan = Plan(Settings(act_on_hang=True), 0.0)
    assert plan.after(Judged(1.0, 0.1, hung=True)).do is Do.ACT
    assert plan.after(Acted(2.0, ended=True)) == Step(Do.STOP, 2.0, "hang")


def test_when_the_time_is_up_one_more_look_is_taken() -> None:
    world = Clockwork(Settings(for_s=0.8))
    assert world.pass_(still()) == Step(Do.ROUTINE, 0.5)
    assert world.pass_(still()) == Step(Do.ROUTINE, 0.8)
    assert world.pass_(still()).do is Do.LOOK
    step = world.look()
    assert (step.do, step.because) == (Do.STOP, "done")


def test_a_time_out_ends_the_tree_though_nothing_was_found() -> None:
    world = Clockwork(Settings(for_s=0.5, act_on_time_out=True))
    world.pass_(still())
    world.pass_(still())
    step = world.look()
    assert (step.do, step.because) == (Do.ACT, "time out")
    assert world.plan.after(Acted(9.0, ended=True)) == Step(Do.STOP, 9.0, "time out")


def test_a_look_that_was_not_possible_does_not_end_the_watch() -> None:
    plan = Plan(Settings(), 0.0)
    plan.after(passed(0.5, still(1)))
    assert plan.after(Lost(0.6, 0.1)) == Step(Do.ROUTINE, 1.0)


def test_the_end_of_the_target_ends_the_watch() -> None:
    assert Plan(Settings(), 0.0).after(Exited(3.0)) == Step(Do.STOP, 3.0, "target exited")


def test_who_asks_diag_to_end_gets_one_more_look() -> None:
    plan = Plan(Settings(), 0.0)
    assert plan.after(Interrupted(3.0)) == Step(Do.LOOK, 3.0, "suspicion")
    plan.after(Looked(3.2, 0.1))
    assert plan.after(Judged(3.7, 0.1, hung=False)) == Step(Do.STOP, 3.7, "interrupted")


def test_who_asks_twice_gets_none() -> None:
    plan = Plan(Settings(), 0.0)
    plan.after(Interrupted(3.0))
    assert plan.after(Interrupted(3.1)) == Step(Do.STOP, 3.1, "interrupted")


def test_a_tree_in_which_nobody_runs_for_long_is_looked_at_once_more() -> None:
    world = Clockwork(Settings(stall_s=10.0))
    everyone = still(1, 2, 3)
    world.pass_(still())
    world.pass_(everyone)
    world.look()
    while (step := world.pass_(everyone)).do is Do.ROUTINE:
        assert world.step.at_s < 20.0
    assert (step.do, step.because) == (Do.LOOK, "stall")
    assert world.plan.still_s == pytest.approx(10.0, abs=1.0)
    world.look()
    for _ in range(40):
        assert world.pass_(everyone).do is Do.ROUTINE, "once is enough"
    world.pass_(still(1, 2))
    assert world.plan.still_s == 0.0


def test_time_in_which_diag_had_no_cpu_does_not_count() -> None:
    plan = Plan(Settings(stall_s=60.0), 0.0)
    plan.after(passed(0.0, still(1, 2, 3)))
    plan.after(passed(100.0, still(1, 2, 3)))
    assert plan.still_s == 1.0


def test_regular_looks_at_a_tree_for_which_they_are_dear_are_further_apart() -> None:
    def regular(cost_s: float) -> list[float]:
        world, found = Clockwork(Settings(max_share=0.02)), []
        while world.step.at_s < 1000.0:
            if world.pass_(still()).because == "regular":
                found.append(world.step.at_s)
                world.look(cost_s=cost_s / 2)
        return found

    cheap, dear = regular(0.1), regular(0.9)
    assert cheap[:3] == dear[:3], "the first minute is looked at more closely all the same"
    lasting = dear[4:]
    assert len(cheap) > 2 * len(dear)
    apart_s = (lasting[-1] - lasting[0]) / (len(lasting) - 1)
    assert 0.9 / apart_s <= 0.02 * REGULAR_SHARE * 1.05
