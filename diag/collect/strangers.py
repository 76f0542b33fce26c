"""What the processes outside of the tree are called that hold an end of something waited for."""

from collections.abc import Collection, Iterable
from pathlib import Path

from msgspec.structs import replace

from diag.collect.memory import PROC
from diag.collect.tree import read_stat
from diag.model.channel import Channel, Holder


def with_strangers(
    channels: Iterable[Channel], tree: Collection[int], *, proc_root: Path = PROC
) -> tuple[Channel, ...]:
    """Return the channels, holders outside of the tree with their name and parent.

    Args:
        channels: with their holders.
        tree: pids of the tree.
        proc_root: where `/proc` is.

    """
    known: dict[int, Holder] = {}

    def described(holder: Holder) -> Holder:
        if holder.pid in tree:
            return holder
        if holder.pid not in known:
            known[holder.pid] = _described(holder, proc_root)
        return replace(known[holder.pid], fd=holder.fd)

    return tuple(
        replace(
            channel,
            writers=tuple(map(described, channel.writers)),
            readers=tuple(map(described, channel.readers)),
        )
        for channel in channels
    )


def _described(holder: Holder, proc_root: Path) -> Holder:
    try:
        stat = read_stat(holder.pid, proc_root=proc_root)
    except OSError:
        return holder  # it has ended, or may not be seen
    return replace(holder, name=stat.name, parent_pid=stat.parent_pid)
