"""The channels of one sweep: descriptors waited on, followed to who holds their other ends.

Two steps, so that the descriptors of all processes are searched only once: `Channels.add...`
for every descriptor waited on, then `Channels.build`.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from diag.collect.access import remedy
from diag.collect.descriptors import EpollItem, read_fdinfo, read_link
from diag.collect.endpoints import EPOLL, Draft, Endpoints, inode_of
from diag.collect.holders import Held, Holders
from diag.collect.kin import Hidden
from diag.collect.memory import PROC
from diag.collect.polls import directions
from diag.collect.requests import Awaited, Direction
from diag.model.channel import Channel, ChannelKind, Holder
from diag.model.wait import ChannelWait

_EPOLL_FLAGS = 0xF << 28  # EPOLLEXCLUSIVE, WAKEUP, ONESHOT, ET: without events, disarmed
_MAX_NESTING = 5  # EP_MAX_NESTS of fs/eventpoll.c


class Added(NamedTuple):
    """The descriptors of one wait, and why some of them are not among them."""

    waits: tuple[ChannelWait, ...]
    unknown: str | None = None


class Channels:
    """All channels of one sweep.

    Args:
        endpoints: tells what descriptors lead to.
        sharers: pids whose threads may share the descriptors of a process: the
            process itself if it has other threads, and relatives by fork.
        proc_root: where `/proc` is.

    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        sharers: Callable[[int], Iterable[int]],
        proc_root: Path = PROC,
    ) -> None:
        self._endpoints = endpoints
        self._sharers = sharers
        self._proc_root = proc_root
        self._drafts: dict[str, Draft] = {}
        self._waited: set[tuple[str, Direction]] = set()

    def add(self, pid: int, awaited: Iterable[Awaited], *, depth: int = 0) -> Added:
        """Add descriptors that a thread of `pid` waits on."""
        added: list[Added] = []
        for each in awaited:
            try:
                added.append(self._add_one(pid, each, depth))
            except OSError as error:
                reason = f"descriptor {each.fd} could not be read: {error.strerror}"
                added.append(Added((), reason))
        return _merge(added)

    def add_epoll(self, pid: int, fd: int, *, depth: int = 0) -> Added:
        """Add what an epoll set watches, and the set itself.

        Whoever has the set open (another thread, or a relative that inherited it
        under the same number) can add a descriptor to it.
        """
        if depth > _MAX_NESTING:
            return Added((), "epoll sets are nested too deeply")
        try:
            items = read_fdinfo(pid, fd, proc_root=self._proc_root).epoll
        except OSError as error:
            return Added((), f"the epoll set could not be read: {error.strerror}")
        armed = (
            item for item in items if item.events & ~_EPOLL_FLAGS
        )  # else a one-shot that fired
        added = [self._add_item(pid, item, depth) for item in armed]
        return _merge([*added, self._add_set(pid, fd)])

    def add_lockable(self, pid: int, fd: int) -> Added:
        """Add a file that is to be locked; it is a channel for its name and who has it open."""
        try:
            draft = self._endpoints.lockable(pid, fd)
        except OSError as error:
            return Added((), f"descriptor {fd} could not be read: {error.strerror}")
        return Added((self._keep(draft, fd, "write"),))

    def add_outside(self, channel: Channel, *, fd: int, direction: Direction) -> ChannelWait:
        """Add a channel whose other party is already known."""
        return self._keep(Draft(channel), fd, direction)

    def keys(self) -> frozenset[str]:
        """Return what `holders.find_holders` has to look for."""
        return frozenset(key for draft in self._drafts.values() for key in draft.partners)

    def build(self, holders: Holders, hidden: Hidden) -> tuple[Channel, ...]:
        """Return the channels with their holders.

        Args:
            holders: of `keys()`.
            hidden: processes that could hold an end, but may not be read.

        """
        return tuple(self._finish(draft, holders, hidden) for draft in self._drafts.values())

    def _finish(self, draft: Draft, holders: Holders, hidden: Hidden) -> Channel:
        channel = draft.channel
        if not draft.partners:
            if channel.outside or channel.uncertain or channel.writers or channel.pid:
                return channel
            return replace(channel, uncertain=_unseen(holders))
        held = [each for key in draft.partners for each in holders.by_key.get(key, ())]
        writers = _holders(held, {1, 2} if draft.by_mode else None)
        readers = _holders(held, {0, 2} if draft.by_mode else None)
        if held and channel.kind is ChannelKind.TERMINAL:
            channel = replace(channel, outside=None)  # its other side is in sight
        alone = ((channel.id, "read") in self._waited and not writers) or (
            (channel.id, "write") in self._waited and not readers
        )
        doubt = None
        if sharing := hidden.sharing(frozenset({channel.id, *draft.partners})):
            doubt = _unread(sharing)
        elif alone:
            doubt = _unseen(holders)
        return replace(
            channel, writers=writers, readers=readers, uncertain=channel.uncertain or doubt
        )

    def _add_one(self, pid: int, awaited: Awaited, depth: int) -> Added:
        if read_link(pid, awaited.fd, proc_root=self._proc_root) == EPOLL:
            return self.add_epoll(pid, awaited.fd, depth=depth + 1)
        draft = self._endpoints.draft(pid, awaited.fd)
        direction = awaited.direction
        if draft.by_mode and awaited.polled:
            # a poll also reports a closed other end: the end that is open counts, not the event
            mode = read_fdinfo(pid, awaited.fd, proc_root=self._proc_root).mode
            direction = ("read", "write", direction, direction)[mode]
        return Added((self._keep(draft, awaited.fd, direction),))

    def _add_item(self, pid: int, item: EpollItem, depth: int) -> Added:
        """Add one member of a set: its number may mean another file by now."""
        try:
            inode = inode_of(read_link(pid, item.fd, proc_root=self._proc_root))
        except OSError:
            return Added((), f"the epoll set watches descriptor {item.fd}, which is closed here")
        if inode is not None and item.inode is not None and inode != item.inode:
            return Added((), f"the epoll set watches an earlier descriptor {item.fd}")
        awaited = (Awaited(item.fd, way, polled=True) for way in directions(item.events))
        return self.add(pid, awaited, depth=depth)

    def _add_set(self, pid: int, fd: int) -> Added:
        holders = tuple(
            Holder(pid=each, fd=fd) for each in self._sharers(pid) if self._has_epoll(each, fd)
        )
        if not holders:
            return Added(())
        channel = Channel(
            id=f"epoll:{pid}:{fd}",
            kind=ChannelKind.OTHER,
            name="the epoll set itself",
            writers=holders,
            readers=holders,
        )
        return Added((self.add_outside(channel, fd=fd, direction="read"),))

    def _has_epoll(self, pid: int, fd: int) -> bool:
        try:
            return read_link(pid, fd, proc_root=self._proc_root) == EPOLL
        except OSError:
            return False  # closed there, or gone

    def _keep(self, draft: Draft, fd: int, direction: Direction) -> ChannelWait:
        key = draft.channel.id
        self._drafts.setdefault(key, draft)
        self._waited.add((key, direction))
        return ChannelWait(fd=fd, channel=key, direction=direction)


def _merge(added: list[Added]) -> Added:
    waits = tuple(dict.fromkeys(wait for each in added for wait in each.waits))
    return Added(waits, "; ".join(each.unknown for each in added if each.unknown) or None)


def _holders(held: list[Held], modes: set[int] | None) -> tuple[Holder, ...]:
    return tuple(
        Holder(pid=each.pid, fd=each.fd)
        for each in held
        if modes is None or each.info is None or each.info.mode in modes
    )


def _unseen(holders: Holders) -> str:
    """Say why a wait for no one is doubtful: the kernel would have ended it."""
    reason = "no process that is seen here has the other end open"
    if holders.unreadable:
        reason += f"; {_unread(holders.unreadable)}"
    return reason


def _unread(pids: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, pids[:5])) + (", ..." if len(pids) > 5 else "")
    one = "process" if len(pids) == 1 else "processes"
    return f"the descriptors of {len(pids)} {one} ({shown}) may not be read: {remedy(None)}"
