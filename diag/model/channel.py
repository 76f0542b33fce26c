"""Pipes, sockets and other things with two ends, and who holds them."""

from enum import StrEnum

from diag.model.base import Record


class ChannelKind(StrEnum):
    """What a descriptor leads to."""

    PIPE = "pipe"  # also a FIFO
    UNIX_SOCKET = "unix-socket"
    TCP_SOCKET = "tcp-socket"
    SOCKET = "socket"  # any other
    EVENTFD = "eventfd"
    PIDFD = "pidfd"
    TERMINAL = "terminal"
    FILE = "file"
    OTHER = "other"  # timerfd, signalfd, inotify, devices


class Holder(Record, frozen=True):
    """A process that has a descriptor for one end open.

    Attributes:
        pid: may be a process outside the tree.
        fd: the descriptor's number there.
        name: of a process outside of the tree: the kernel's, None if not known.
        parent_pid: likewise.

    """

    pid: int
    fd: int
    name: str | None = None
    parent_pid: int | None = None


class Channel(Record, frozen=True):
    """Something that threads of the tree wait on through descriptors.

    Attributes:
        id: the same in every process: "pipe:[123]", "socket:[55]", "eventfd:7",
            "pidfd:33" (33 is the pid it stands for).
        kind: see `ChannelKind`.
        name: path, address or peer in words, None if it has none.
        writers: who can end a wait to read: holders of the write end of a pipe,
            of the peer of a socket, of any descriptor of an eventfd.
        readers: who can end a wait to write: likewise.
        outside: a party outside the tree that can end a wait, in words; None if
            there is none. A holder outside the tree counts without this.
        uncertain: why the holders may be incomplete, None if they are complete.
        pid: the process whose exit ends the wait, for PIDFD.
        heard_s: seconds since the kernel received data on a TCP connection, or since it
            was made; None if that is not known.
        said_s: the same for data that was sent.

    """

    id: str
    kind: ChannelKind
    name: str | None = None
    writers: tuple[Holder, ...] = ()
    readers: tuple[Holder, ...] = ()
    outside: str | None = None
    uncertain: str | None = None
    pid: int | None = None
    heard_s: float | None = None
    said_s: float | None = None
