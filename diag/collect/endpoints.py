"""What one descriptor leads to: a `Channel` whose holders are not yet known."""

import re
import stat
from pathlib import Path
from typing import NamedTuple

from diag.collect.descriptors import MASTER, file_key, identify, master_key, read_fdinfo, read_link
from diag.collect.memory import PROC
from diag.collect.peers import Peers
from diag.collect.redact import mask_text
from diag.model.channel import Channel, ChannelKind

EPOLL = "anon_inode:[eventpoll]"
_TERMINAL = re.compile(r"/dev/(pts/(\d+)|tty\w*|console)")
_MASTERS = frozenset(("/dev/ptmx", "/dev/pts/ptmx"))
_INODE = re.compile(r"\[(\d+)\]$")
_WORDS = {
    "anon_inode:[timerfd]": "a timer",
    "anon_inode:[signalfd]": "a signal",
    "anon_inode:inotify": "a change of a file",
    "anon_inode:[fanotify]": "a change of a file",
}


class Draft(NamedTuple):
    """A channel whose holders are not yet known.

    Attributes:
        channel: without holders.
        partners: keys for `holders.find_holders`.
        by_mode: one key has both ends, told apart by how a descriptor is open.

    """

    channel: Channel
    partners: tuple[str, ...] = ()
    by_mode: bool = False


class Endpoints:
    """Tells what descriptors lead to.

    Args:
        peers: finds the other ends of sockets.
        proc_root: where `/proc` is.

    """

    def __init__(self, peers: Peers, *, proc_root: Path = PROC) -> None:
        self._peers = peers
        self._proc_root = proc_root

    def draft(self, pid: int, fd: int) -> Draft:
        """Tell what descriptor `fd` of `pid` leads to.

        Raises:
            OSError: closed, gone or not permitted.

        """
        link = read_link(pid, fd, proc_root=self._proc_root)
        if link.startswith("pipe:"):
            return Draft(Channel(id=link, kind=ChannelKind.PIPE), (link,), by_mode=True)
        if link.startswith("socket:"):
            return self._socket(pid, link)
        if link == "anon_inode:[eventfd]":
            return self._eventfd(pid, fd)
        if link == "anon_inode:[pidfd]" or link.startswith("pidfd:"):
            return self._pidfd(pid, fd)
        if link.startswith("/"):
            return self._path(pid, fd, mask_text(link))
        return _other(pid, fd, link, _WORDS.get(link, link))

    def lockable(self, pid: int, fd: int) -> Draft:
        """Tell what file is to be locked: its partners are those who have it open.

        Raises:
            OSError: closed, gone or not permitted.

        """
        link = read_link(pid, fd, proc_root=self._proc_root)
        key = file_key(identify(f"{self._proc_root}/{pid}/fd/{fd}"))
        return Draft(Channel(id=key, kind=ChannelKind.FILE, name=mask_text(link)), (key,))

    def _socket(self, pid: int, link: str) -> Draft:
        peer = self._peers.find(pid, inode_of(link) or 0)
        channel = Channel(
            id=link,
            kind=peer.kind,
            name=peer.name and mask_text(peer.name),
            outside=peer.outside and mask_text(peer.outside),
            uncertain=peer.uncertain,
        )
        return Draft(channel, tuple(f"socket:[{inode}]" for inode in peer.inodes))

    def _eventfd(self, pid: int, fd: int) -> Draft:
        number = read_fdinfo(pid, fd, proc_root=self._proc_root).eventfd
        if number is None:
            return _other(pid, fd, "eventfd", "an eventfd that this kernel does not number")
        key = f"eventfd:{number}"
        return Draft(Channel(id=key, kind=ChannelKind.EVENTFD), (key,))

    def _pidfd(self, pid: int, fd: int) -> Draft:
        target = read_fdinfo(pid, fd, proc_root=self._proc_root).pid
        if not target or target < 0:
            return _other(pid, fd, "pidfd", "a process that has ended or is not visible here")
        return Draft(Channel(id=f"pidfd:{target}", kind=ChannelKind.PIDFD, pid=target))

    def _path(self, pid: int, fd: int, link: str) -> Draft:
        if found := _TERMINAL.fullmatch(link):
            return self._terminal(pid, fd, link, found[2])
        if link in _MASTERS:
            return self._master(pid, fd, link)
        return self._file(pid, fd, link)

    def _terminal(self, pid: int, fd: int, link: str, number: str | None) -> Draft:
        """Tell a terminal; of a pseudo-terminal, who has its master side types and reads."""
        channel = Channel(id=link, kind=ChannelKind.TERMINAL, name=link, outside=f"terminal {link}")
        if number is None:
            return Draft(channel)
        try:
            slave = file_key(identify(f"{self._proc_root}/{pid}/fd/{fd}"))
        except OSError:
            return Draft(channel)
        return Draft(channel, (f"{MASTER}{number}:{slave}",))

    def _master(self, pid: int, fd: int, link: str) -> Draft:
        """Tell the master side: it reads what is written to the slave, and what itself echoes."""
        number = read_fdinfo(pid, fd, proc_root=self._proc_root).terminal
        if number is None:
            return _other(pid, fd, link, f"device {link}")
        try:
            key = master_key(pid, number, proc_root=self._proc_root)
        except OSError:
            return _other(pid, fd, link, f"device {link}")
        channel = Channel(
            id=key,
            kind=ChannelKind.TERMINAL,
            name=f"behind /dev/pts/{number}",
        )
        return Draft(channel, (key, key.split(":", 2)[2]))

    def _file(self, pid: int, fd: int, link: str) -> Draft:
        found = identify(f"{self._proc_root}/{pid}/fd/{fd}")
        if stat.S_ISFIFO(found.mode):
            key = file_key(found)
            anybody = None if link.endswith(" (deleted)") else f"whoever opens {link}"
            channel = Channel(id=key, kind=ChannelKind.PIPE, name=link, outside=anybody)
            return Draft(channel, (key,), by_mode=True)
        if stat.S_ISREG(found.mode) or stat.S_ISDIR(found.mode):
            channel = Channel(id=link, kind=ChannelKind.FILE, name=link, outside="the file system")
            return Draft(channel)
        return _other(pid, fd, link, f"device {link}")


def inode_of(link: str) -> int | None:
    """Return 12 for "pipe:[12]", None for a link without a number."""
    found = _INODE.search(link)
    return int(found[1]) if found else None


def _other(pid: int, fd: int, link: str, words: str) -> Draft:
    key = f"{link}:{pid}:{fd}"
    return Draft(Channel(id=key, kind=ChannelKind.OTHER, name=link, outside=words))
