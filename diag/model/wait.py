"""What a blocked thread waits for, as the kernel names it."""

from enum import StrEnum
from typing import Literal

from diag.model.base import Record
from diag.model.lock import Lock


class WaitKind(StrEnum):
    """The kinds of wait that diag tells apart."""

    RUNNING = "running"  # on a CPU or in the run queue
    SLEEP = "sleep"  # ends by itself
    LOCK = "lock"  # a futex private to the process
    SHARED_LOCK = "shared-lock"  # a futex in memory shared between processes
    READ = "read"
    WRITE = "write"
    POLL = "poll"  # poll, select, epoll
    ACCEPT = "accept"
    CONNECT = "connect"
    CHILD = "child"  # wait4, waitid
    FILE_LOCK = "file-lock"  # flock, fcntl(F_SETLKW)
    OPEN = "open"  # open() of a FIFO without a partner
    SIGNAL = "signal"  # pause, sigwait, rt_sigtimedwait
    DISK = "disk"  # uninterruptible: state D
    STOPPED = "stopped"  # state T
    FROZEN = "frozen"  # its control group is
    TRACED = "traced"  # state t
    EXITED = "exited"  # state Z or X
    UNKNOWN = "unknown"


class Futex(Record, frozen=True):
    """The arguments of a futex(2) wait.

    Attributes:
        address: the word waited on, in the target.
        operation: the op argument as given, flags included.
        value: the value argument.

    """

    address: int
    operation: int
    value: int


class ChannelWait(Record, frozen=True):
    """One descriptor that a thread waits on.

    Attributes:
        fd: the descriptor's number in the waiting process.
        channel: id of the `Channel` in the snapshot.
        direction: what the thread waits to do.

    """

    fd: int
    channel: str
    direction: Literal["read", "write"]


class Wait(Record, frozen=True):
    """Why a thread is not running, or that it is.

    Attributes:
        kind: see `WaitKind`.
        syscall: name of the system call, None outside of one.
        timed: True if the kernel ends the wait by itself at a deadline.
        deadline_s: that deadline on CLOCK_MONOTONIC of the observer's boot, in
            seconds, where it is absolute and readable.
        futex: for LOCK and SHARED_LOCK.
        lock: the object behind the futex; None if it was not looked for.
        channels: the descriptors waited on: one for READ, any number for POLL.
        children: pids whose exit ends the wait, in the observer's namespace.
        any_child: True if the exit of any child ends it (wait4(-1)).
        holders: pids that hold the file lock, as `/proc/locks` says.
        unknown: why the wait could not be understood fully; such a thread
            counts as live.

    """

    kind: WaitKind
    syscall: str | None = None
    timed: bool = False
    deadline_s: float | None = None
    futex: Futex | None = None
    lock: Lock | None = None
    channels: tuple[ChannelWait, ...] = ()
    children: tuple[int, ...] = ()
    any_child: bool = False
    holders: tuple[int, ...] = ()
    unknown: str | None = None
