"""The rule about threads that go round in circles."""

import msgspec
import pytest

from diag.analysis.case import Case
from diag.model.finding import Confidence, Finding
from diag.model.ids import ProcessId, ThreadId
from diag.model.sample import Activity, ThreadActivity, Turns
from diag.model.stack import Frame
from diag.model.thread import Standing, Thread
from diag.rules import busy_loop
from tests.unit.world import HOST, RUNNING, frames, process, snapshot, thread

STACK = frames("empty ~queue.py:97", "wait_for_job app.py:7")
ASKING = Turns(
    looks=40,
    states=2,
    places=5,
    new_states=0,
    new_values=0,
    new_numbers=0,
    new_at_end=False,
    handles=False,
    asks=("empty",),
    frame=Frame(function="wait_for_job", file="/srv/app.py", line=7),
)


def seen(turns: Turns | None, *others: Thread, ticks: int = 90, running: int = 50) -> Case:
    spinning = thread(10, RUNNING, stack=STACK)
    later = msgspec.structs.replace(spinning, user_ticks=spinning.user_ticks + ticks)
    activity = Activity(
        root=ProcessId(pid=10, start_ticks=1),
        started_s=100.0,
        ended_s=101.0,
        threads=(
            ThreadActivity(10, 10, 50, running, 0, ticks, turns=turns),
            *(ThreadActivity(10, other.tid, 50, 50, 0, ticks) for other in others),
        ),
    )
    return Case(
        snapshot(process(10, spinning, *others)),
        snapshot(process(10, later, *others), at_s=101.0),
        HOST,
        activities=(activity,),
    )


def findings(case: Case) -> list[Finding]:
    return list(busy_loop.RULE.judge(case))


def test_a_loop_that_is_always_seen_in_one_brief_call_is_named_too() -> None:
    (found,) = findings(seen(msgspec.structs.replace(ASKING, places=1, asks=("acquire",))))
    assert "acquire()" in found.title


def test_a_method_that_is_seen_late_is_nothing_new_if_it_is_always_the_same() -> None:
    late = msgspec.structs.replace(ASKING, asks=(), states=2, paths=2, new_states=5)
    assert findings(seen(late))


def test_a_loop_that_only_asks_is_named_with_what_it_asks() -> None:
    (found,) = findings(seen(ASKING))
    assert found.confidence is Confidence.LIKELY
    assert found.primary.function == "wait_for_job"
    assert "empty()" in found.title


@pytest.mark.parametrize(
    "change",
    [
        {"opaque": "compress"},
        {"new_values": 20},
        {"new_states": 20},
        {"new_states": 2, "states": 2, "paths": 1},
        {"new_states": 20, "states": 30, "paths": 30},
        {"new_numbers": 1},
        {"new_at_end": True},
        {"places": 1, "asks": ("listdir",)},
        {"looks": 5},
        {"handles": True},
        {"asks": (), "handles": True},
    ],
    ids=lambda change: " ".join(change),
)
def test_a_loop_that_may_get_somewhere_is_left_in_peace(change: dict[str, object]) -> None:
    assert not findings(seen(msgspec.structs.replace(ASKING, **change)))


def test_nothing_is_said_of_frames_that_were_not_seen() -> None:
    assert not findings(seen(None))


def test_a_thread_that_hardly_runs_does_not_spin() -> None:
    assert not findings(seen(ASKING, ticks=10))


def test_a_thread_that_blocks_now_and_then_gets_what_it_waited_for() -> None:
    assert findings(seen(ASKING, running=46))
    assert not findings(seen(ASKING, running=40))


def test_where_another_thread_computes_it_is_only_possible() -> None:
    (found,) = findings(seen(ASKING, thread(11, RUNNING, stack=frames("compute app.py:3"))))
    assert found.confidence is Confidence.POSSIBLE


def matching(**change: object) -> Case:
    """Return a thread that was inside of a regular expression in both looks."""
    same = {"asks": (), "states": 1, "places": 1, "handles": True}
    turns = msgspec.structs.replace(ASKING, **{**same, **change})
    case = seen(turns)
    standing = Standing(digest="the same", matching=True)
    first, second = (
        snapshot(
            process(10, msgspec.structs.replace(tree.threads[ThreadId(10, 10)], standing=standing)),
            at_s=at_s,
        )
        for tree, at_s in ((case.tree, 100.0), (case.second, 101.0))
    )
    return Case(first, second, HOST, activities=case.activities)


def test_one_match_that_goes_on_and_on_is_named() -> None:
    (found,) = findings(matching())
    assert "regular expression" in found.title


def test_one_short_match_after_the_other_is_left_in_peace() -> None:
    assert not findings(matching(places=3))
    assert not findings(matching(states=20))
