"""When a long pause is a stall, and when there is only nothing to do."""

import pytest
from msgspec.structs import replace

from diag.analysis.case import Case
from diag.model.channel import Channel, ChannelKind
from diag.model.finding import Confidence, Severity
from diag.model.ids import ProcessId
from diag.model.lock import LockKind
from diag.model.snapshot import Snapshot
from diag.model.wait import Wait, WaitKind
from diag.rules.stall import RULE
from tests.unit.world import (
    HOST,
    SLEEPING,
    lock_wait,
    polls,
    process,
    reads,
    thread,
    waits_for_child,
)

OUTSIDE = Channel(id="socket:[1]", kind=ChannelKind.TCP_SOCKET, outside="10.0.0.1:5432")
TERMINAL = Channel(id="tty", kind=ChannelKind.TERMINAL, outside="the terminal")


def case(*waits: Wait, still_s: float | None = 60.0) -> Case:
    """The root's main thread waits, and each process waits for its child but the last."""
    processes = tuple(
        process(10 + number, thread(10 + number, wait), parent=9 + number)
        for number, wait in enumerate(waits)
    )
    first = Snapshot(
        root=ProcessId(pid=10, start_ticks=10),
        taken_at_unix_s=0.0,
        started_s=0.0,
        ended_s=0.1,
        processes=processes,
        channels=(OUTSIDE, TERMINAL),
        still_s=still_s,
    )
    return Case(first, replace(first, started_s=1.0, ended_s=1.1, confirms_s=0.0), HOST)


def test_who_waits_for_an_answer_from_outside_is_named() -> None:
    (finding,) = RULE.judge(case(waits_for_child(11), reads("socket:[1]")))
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.POSSIBLE)
    assert finding.primary.pid == 11
    assert finding.title.startswith("nothing has happened for 60 s: ")
    assert "10.0.0.1:5432" in " ".join(fact.text for fact in finding.evidence)


@pytest.mark.parametrize(
    "wait",
    [
        polls("socket:[1]"),
        reads("tty"),
        SLEEPING,
        replace(reads("socket:[1]"), timed=True),
        replace(reads("socket:[1]"), unknown="?"),
    ],
    ids=["an idle server", "a user who thinks", "asleep", "with a time-out", "not understood"],
)
def test_who_has_nothing_to_do_is_left_in_peace(wait: Wait) -> None:
    assert not list(RULE.judge(case(wait)))


@pytest.mark.parametrize("kind", [WaitKind.RUNNING, WaitKind.DISK, WaitKind.STOPPED])
def test_time_in_which_somebody_is_held_back_does_not_count(kind: WaitKind) -> None:
    waits = (reads("socket:[1]"), Wait(kind=kind))
    assert not list(RULE.judge(case(*waits)))
    assert list(RULE.judge(case(waits[0], waits[0])))


def test_a_proof_comes_first() -> None:
    stuck = case(waits_for_child(11), lock_wait(LockKind.RLOCK, owner=0xDEAD))
    assert stuck.liveness.likely
    assert not list(RULE.judge(stuck))


def test_without_a_watch_there_is_no_evidence() -> None:
    assert not RULE.has_evidence(case(reads("socket:[1]"), still_s=None))
