"""Descriptors on their way through a Unix socket (SCM_RIGHTS): they are in no `/proc/PID/fd`."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from diag.collect.descriptors import read_fdinfo, read_link
from diag.collect.memory import PROC
from diag.collect.procfs import list_numbers
from diag.model.channel import Channel, ChannelKind
from diag.model.snapshot import Snapshot

_MOST_SOCKETS = 2000
_PASSED_ON = frozenset(
    {
        ChannelKind.PIPE,
        ChannelKind.UNIX_SOCKET,
        ChannelKind.TCP_SOCKET,
        ChannelKind.EVENTFD,
        ChannelKind.TERMINAL,
    }
)


def add_in_flight(snapshot: Snapshot, *, proc_root: Path = PROC) -> Snapshot:
    """Return the snapshot; its channels are uncertain if a socket of the tree carries descriptors.

    Which these are cannot be read: any of them may be an end that somebody waits for.
    Sockets are looked at only where a channel seems to have no other holder.
    """
    if not any(map(_is_closed, snapshot.channels)):
        return snapshot
    carrier = next(_carriers(snapshot, proc_root), None)
    if carrier is None:
        return snapshot
    pid, count = carrier
    doubt = f"{count} descriptors were sent to {pid} and not yet received (SCM_RIGHTS)"
    return msgspec.structs.replace(
        snapshot,
        channels=tuple(
            msgspec.structs.replace(channel, uncertain=doubt) if _is_closed(channel) else channel
            for channel in snapshot.channels
        ),
    )


def _is_closed(channel: Channel) -> bool:
    """Whether all its holders seem to be known."""
    return channel.kind in _PASSED_ON and channel.outside is None and channel.uncertain is None


def _carriers(snapshot: Snapshot, proc_root: Path) -> Iterator[tuple[int, int]]:
    """Yield the processes that have yet to receive descriptors, and how many."""
    looked_at = 0
    for process in snapshot.processes:
        try:
            numbers = list_numbers(f"{proc_root}/{process.pid}/fd")
        except OSError:
            continue  # it has ended, or is a gap already
        for number in numbers:
            if looked_at >= _MOST_SOCKETS:
                return
            try:
                if not read_link(process.pid, number, proc_root=proc_root).startswith("socket:"):
                    continue
                looked_at += 1
                count = read_fdinfo(process.pid, number, proc_root=proc_root).in_flight
            except OSError:
                continue  # closed meanwhile
            if count:
                yield process.pid, count
