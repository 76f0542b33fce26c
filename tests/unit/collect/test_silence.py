"""Since when nothing has come on a connection: the kernel is asked about real ones."""

import os
import socket
import time

from diag.collect.silence import add_silence
from diag.model.channel import Channel, ChannelKind
from diag.model.wait import ChannelWait, Wait, WaitKind
from tests.unit.world import process, snapshot, thread

PAUSE_S = 0.3


def seen(fd: int, kind: ChannelKind = ChannelKind.TCP_SOCKET) -> Channel:
    wait = Wait(kind=WaitKind.READ, channels=(ChannelWait(fd=fd, channel="s", direction="read"),))
    tree = snapshot(
        process(os.getpid(), thread(os.getpid(), wait)), channels=(Channel(id="s", kind=kind),)
    )
    return add_silence(tree).channels[0]


def test_the_time_since_the_last_data_is_known() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        peer, _ = server.accept()
        with peer:
            time.sleep(PAUSE_S)
            client.sendall(b"question")
            silent = seen(client.fileno())
            assert silent.heard_s is not None
            assert silent.said_s is not None
            assert silent.heard_s >= 0.9 * PAUSE_S
            assert silent.said_s < silent.heard_s
            peer.sendall(b"answer")
            client.recv(10)
            again = seen(client.fileno())
            assert again.heard_s is not None
            assert again.heard_s < silent.heard_s
        assert seen(server.fileno()).heard_s is None  # a listener hears nobody


def test_what_is_no_connection_stays_as_it_is() -> None:
    reader, writer = os.pipe()
    try:
        assert seen(reader).heard_s is None
        assert seen(reader, ChannelKind.PIPE).heard_s is None
    finally:
        os.close(reader)
        os.close(writer)
