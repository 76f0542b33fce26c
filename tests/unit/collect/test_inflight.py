"""Descriptors on their way through a socket: the kernel is asked about real ones."""

import os
import socket
from collections.abc import Iterator

import pytest

from diag.collect.inflight import add_in_flight
from diag.model.channel import Channel, ChannelKind
from tests.unit.world import SLEEPING, process, snapshot, thread

PIPE = Channel(id="pipe:[1]", kind=ChannelKind.PIPE)
OUTSIDE = Channel(id="socket:[2]", kind=ChannelKind.TCP_SOCKET, outside="a server")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def seen() -> tuple[Channel, ...]:
    me = os.getpid()
    return add_in_flight(
        snapshot(process(me, thread(me, SLEEPING)), channels=(PIPE, OUTSIDE))
    ).channels


def test_while_descriptors_are_on_their_way_holders_are_uncertain(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    sender, receiver = pair
    assert seen() == (PIPE, OUTSIDE)
    socket.send_fds(sender, [b"x"], [0])
    pipe, outside = seen()
    assert pipe.uncertain is not None
    assert f"sent to {os.getpid()}" in pipe.uncertain
    assert outside == OUTSIDE
    _, received, _, _ = socket.recv_fds(receiver, 1, 1)
    for descriptor in received:
        os.close(descriptor)
    assert seen() == (PIPE, OUTSIDE)
