"""Who was left behind is told from who is part of the hang."""

from msgspec.structs import replace

from diag.model.finding import Location
from diag.model.ids import ThreadId
from diag.model.lock import Lock, LockKind
from diag.model.recording import Recording
from diag.model.report import ProcessView, Report
from diag.model.stack import Stack
from diag.model.thread import Thread
from diag.model.wait import Wait, WaitKind
from diag.pytest_monitor.board import CALL, State
from diag.pytest_monitor.leftovers import Leftovers, left_words, without
from tests.unit.cli.conftest import recording
from tests.unit.render.examples import fork_logging
from tests.unit.world import frames, process, snapshot, thread

PID, LEFT, OTHER = 10, 11, 12
FREE = Wait(kind=WaitKind.LOCK, syscall="futex")
IN_QUEUE = frames("wait ~threading.py:1", "get ~queue.py:2", "test_it test_it.py:3")


def state(number: int) -> dict[int, State]:
    return {PID: State(PID, number=number, phase=CALL, name="test_it")}


def member(tid: int, *, switches: int | None = 5, wait: Wait = FREE) -> Thread:
    return replace(
        thread(tid, wait),
        voluntary_switches=switches,
        involuntary_switches=0,
        ident=tid * 16,
        stack=Stack(frames=IN_QUEUE, ident=tid * 16),
    )


def judged(*threads: Thread, live: bool = False) -> Report:
    view = ProcessView(
        role="main",
        process=process(PID, *threads),
        waits={},
        live={each.tid: live for each in threads},
    )
    return replace(fork_logging(), processes=(view,))


def seen(*threads: Thread) -> Recording:
    look = snapshot(process(PID, *threads))
    return replace(recording(), snapshots=(look, look))


def tids(found: Recording | None) -> list[int]:
    assert found is not None
    return [each.tid for each in found.snapshots[0].processes[0].threads]


class TestAmong:
    def test_stuck_since_an_earlier_test(self) -> None:
        report, leftovers = judged(member(PID), member(LEFT)), Leftovers()
        assert leftovers.among(report, state(1), {}) == frozenset()
        leftovers.note(report, state(1))
        assert leftovers.among(report, state(1), {}) == frozenset()  # it hangs in this very test
        assert leftovers.among(report, state(2), {}) == {ThreadId(PID, LEFT)}
        leftovers.note(report, state(2))
        assert leftovers.among(report, state(2), {}) == {ThreadId(PID, LEFT)}

    def test_who_has_run_since_or_could(self) -> None:
        leftovers = Leftovers()
        leftovers.note(judged(member(PID), member(LEFT)), state(1))
        ran = judged(member(PID), member(LEFT, switches=6))
        live = judged(member(PID), member(LEFT), live=True)
        for report in (ran, live):
            assert leftovers.among(report, state(2), {}) == frozenset()

    def test_without_counters_nobody(self) -> None:
        report, leftovers = judged(member(PID), member(LEFT, switches=None)), Leftovers()
        leftovers.note(report, state(1))
        assert leftovers.among(report, state(2), {}) == frozenset()

    def test_who_outlived_the_test_that_started_it(self) -> None:
        report, leftovers = judged(member(PID), member(LEFT)), Leftovers()
        assert leftovers.among(report, state(2), {ThreadId(PID, LEFT): "test_it"}) == frozenset()
        assert leftovers.among(report, state(2), {ThreadId(PID, LEFT): "test_before"}) == {
            ThreadId(PID, LEFT)
        }


def test_who_was_left_behind_and_has_a_part_in_it_is_named_with_its_test() -> None:
    (finding, *_) = fork_logging().findings
    place = Location(pid=PID, tid=LEFT, process_role="main", thread="helper")
    findings = (replace(finding, related=(place,)),)
    left = {ThreadId(PID, LEFT): "test_a.py::test_before"}
    words = left_words(findings, left, "test_it")
    assert words == 'thread "helper" (tid 11) was left behind by test_a.py::test_before\n'
    assert left_words(findings, left, "test_a.py::test_before") == ""
    assert left_words((finding,), left, "test_it") == ""


class TestWithout:
    LEFT = frozenset({ThreadId(PID, LEFT)})

    def test_who_anybody_might_wake(self) -> None:
        assert tids(without(seen(member(PID), member(LEFT), member(OTHER)), self.LEFT)) == [
            PID,
            OTHER,
        ]

    def test_who_may_hold_a_lock_that_records_no_owner_stays(self) -> None:
        taking = replace(member(PID), stack=Stack(frames=IN_QUEUE[2:], ident=1))
        blind = replace(member(PID), stack=None)
        for waiter in (taking, blind):
            assert without(seen(waiter, member(LEFT)), self.LEFT) is None

    def test_the_owner_of_a_lock_that_somebody_waits_for_stays(self) -> None:
        lock = Lock(kind=LockKind.RLOCK, address=0x1000, locked=True, owner_ident=LEFT * 16)
        waits = replace(FREE, lock=lock)
        assert without(seen(member(PID, wait=waits), member(LEFT)), self.LEFT) is None
        both = seen(member(PID, wait=waits), member(LEFT), member(OTHER))
        assert without(both, self.LEFT) is None
