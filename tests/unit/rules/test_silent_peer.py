"""The rule about a peer outside of the tree from which nothing comes."""

import msgspec
import pytest

from diag.model.channel import Channel, ChannelKind
from diag.model.finding import Confidence, Finding, Severity
from diag.model.wait import Wait
from diag.rules import silent_peer
from tests.unit.world import case, frames, process, reads, snapshot, thread

FETCH = frames("recv_into ~socket.py:700", "fetch app.py:7")
DATABASE = Channel(
    id="socket:[5]",
    kind=ChannelKind.TCP_SOCKET,
    name="10.0.0.1:40000 to 10.0.0.2:5432",
    outside="socket to 10.0.0.2:5432 (PostgreSQL)",
    heard_s=312.0,
    said_s=311.0,
)


def findings(channel: Channel, wait: Wait) -> list[Finding]:
    tree = snapshot(process(10, thread(10, wait, stack=FETCH)), channels=(channel,))
    later = msgspec.structs.replace(tree, started_s=101.0, ended_s=101.0)
    return list(silent_peer.RULE.judge(case(*tree.processes, second=later, channels=(channel,))))


def test_a_peer_that_is_silent_is_named_with_the_time() -> None:
    (found,) = findings(DATABASE, reads("socket:[5]"))
    assert (found.severity, found.confidence) == (Severity.INFO, Confidence.POSSIBLE)
    assert "10.0.0.2:5432 (PostgreSQL)" in found.title
    assert "312 s" in found.title
    assert found.primary.function == "fetch"


@pytest.mark.parametrize(
    ("channel", "wait"),
    [
        (msgspec.structs.replace(DATABASE, heard_s=4.0), reads("socket:[5]")),
        (msgspec.structs.replace(DATABASE, heard_s=None), reads("socket:[5]")),
        (DATABASE, msgspec.structs.replace(reads("socket:[5]"), timed=True)),
    ],
    ids=["short", "not known", "time-out"],
)
def test_others_are_left_in_peace(channel: Channel, wait: Wait) -> None:
    assert not findings(channel, wait)
