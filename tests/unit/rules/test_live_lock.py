"""The rule about threads that give way to each other."""

import msgspec
import pytest

from diag.analysis.case import Case
from diag.model.finding import Confidence, Finding
from diag.model.ids import ProcessId
from diag.model.sample import Activity, LockTurns, ThreadActivity, Turns
from diag.model.stack import Frame
from diag.rules import live_lock
from tests.unit.world import HOST, SLEEPING, frames, process, snapshot, thread

STACK = frames("deliver app.py:25")
NORTH = LockTurns(held=(1,), most=1, taken=9, known=(1, 2), tries=True)
SOUTH = LockTurns(held=(2,), most=1, taken=9, known=(1, 2), tries=True)


def turns(locks: LockTurns | None, **more: int) -> Turns:
    seen = Turns(
        looks=80,
        states=3,
        paths=3,
        places=3,
        new_states=0,
        new_values=0,
        new_numbers=20,
        new_at_end=False,
        frame=Frame(function="deliver", file="/srv/app.py", line=20),
        locks=locks,
    )
    return msgspec.structs.replace(seen, **more)


def findings(*seen: Turns) -> list[Finding]:
    threads = [thread(10 + number, SLEEPING, stack=STACK) for number in range(len(seen))]
    tree = snapshot(process(10, *threads))
    activity = Activity(
        root=ProcessId(pid=10, start_ticks=1),
        started_s=100.0,
        ended_s=102.0,
        threads=tuple(
            ThreadActivity(10, 10 + number, 90, 0, 0, 0, turns=each)
            for number, each in enumerate(seen)
        ),
    )
    again = snapshot(process(10, *threads), at_s=102.0)
    return list(live_lock.RULE.judge(Case(tree, again, HOST, activities=(activity,))))


def test_two_that_bar_each_other_are_named() -> None:
    (found,) = findings(turns(NORTH), turns(SOUTH))
    assert found.confidence is Confidence.POSSIBLE
    assert found.primary.function == "deliver"
    assert [place.tid for place in found.related] == [11]


@pytest.mark.parametrize(
    "south",
    [
        turns(None),
        turns(NORTH),
        turns(msgspec.structs.replace(SOUTH, most=2)),
        turns(msgspec.structs.replace(SOUTH, taken=1)),
        turns(msgspec.structs.replace(SOUTH, known=(2,))),
        turns(msgspec.structs.replace(SOUTH, tries=False)),
        turns(SOUTH, new_values=40),
        turns(SOUTH, looks=5),
        turns(SOUTH, states=6),
    ],
    ids=[
        "no lock",
        "same lock",
        "both at once",
        "once",
        "unrelated",
        "waits",
        "works",
        "few looks",
        "to and fro",
    ],
)
def test_others_are_left_in_peace(south: Turns) -> None:
    assert not findings(turns(NORTH), south)
