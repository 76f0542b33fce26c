"""Since when nothing has come on a TCP connection: the kernel knows (tcp_info, tcp(7)).

It is asked through a copy of the descriptor, as in `timeouts`; the target is not stopped
and its socket is not read.
"""

import socket
import struct

import msgspec

from diag.collect.timeouts import copy_of
from diag.model.channel import Channel, ChannelKind
from diag.model.snapshot import Snapshot
from diag.model.wait import WaitKind

_LAST_DATA_SENT, _LAST_DATA_RECEIVED = 44, 52  # of struct tcp_info (linux/tcp.h), ms, u32
_INFO_BYTES = 104
_MOST_ASKED = 50


def add_silence(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot, connections that alone are waited for with how long they are silent.

    What may not be asked stays as it is.
    """
    channels = {channel.id: channel for channel in snapshot.channels}
    asked = {
        wait.channels[0].channel: (process.pid, wait.channels[0].fd)
        for _, process, thread in snapshot.threads()
        if (wait := thread.wait).kind in (WaitKind.READ, WaitKind.POLL) and len(wait.channels) == 1
    }
    for key, (pid, fd) in list(asked.items())[:_MOST_ASKED]:
        channel = channels.get(key)
        if channel is not None and channel.kind is ChannelKind.TCP_SOCKET:
            channels[key] = _with_silence(channel, pid, fd)
    return msgspec.structs.replace(snapshot, channels=tuple(channels.values()))


def _with_silence(channel: Channel, pid: int, fd: int) -> Channel:
    try:
        with copy_of(pid, fd) as copy:
            info = copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
            copy.getpeername()  # a listener has none
    except OSError:
        return channel  # gone, not permitted, an older kernel, or no connection
    if len(info) < _LAST_DATA_RECEIVED + 4:
        return channel
    (said_ms,) = struct.unpack_from("=I", info, _LAST_DATA_SENT)
    (heard_ms,) = struct.unpack_from("=I", info, _LAST_DATA_RECEIVED)
    return msgspec.structs.replace(channel, heard_s=heard_ms / 1000, said_s=said_ms / 1000)
