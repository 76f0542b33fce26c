"""Time limits of sockets that `/proc` does not show: SO_RCVTIMEO and SO_SNDTIMEO.

A blocking call on such a socket ends by itself (socket(7)), and looks like one
that does not. The option is asked through a copy of the descriptor
(pidfd_getfd(2), Linux 5.6), which is closed at once; the target is not stopped
and its socket is not read.
"""

import ctypes
import os
import socket
import struct

import msgspec

from diag.model.channel import Channel, ChannelKind
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.thread import Thread
from diag.model.wait import Wait, WaitKind

_PIDFD_GETFD = 438  # the same on every architecture (asm-generic/unistd.h)
_TIMEVAL = struct.Struct("ll")
_SOCKETS = frozenset({ChannelKind.UNIX_SOCKET, ChannelKind.TCP_SOCKET, ChannelKind.SOCKET})
_OPTIONS = {
    WaitKind.READ: socket.SO_RCVTIMEO,
    WaitKind.ACCEPT: socket.SO_RCVTIMEO,
    WaitKind.WRITE: socket.SO_SNDTIMEO,
}
_libc = ctypes.CDLL(None, use_errno=True)


def add_socket_timeouts(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with the waits on sockets that have a time limit marked as timed.

    Only sockets whose other end is in the tree are asked: others are live anyway.
    What may not be asked stays as it is.
    """
    inside = {c.id: c for c in snapshot.channels if c.kind in _SOCKETS and c.outside is None}
    if not inside:
        return snapshot
    processes = tuple(_with_timeouts(process, inside) for process in snapshot.processes)
    return msgspec.structs.replace(snapshot, processes=processes)


def _with_timeouts(process: Process, inside: dict[str, Channel]) -> Process:
    def complete(thread: Thread) -> Thread:
        wait = thread.wait
        if not _is_asked(wait, inside) or not has_timeout(process.pid, wait):
            return thread
        return msgspec.structs.replace(thread, wait=msgspec.structs.replace(wait, timed=True))

    return msgspec.structs.replace(process, threads=tuple(map(complete, process.threads)))


def _is_asked(wait: Wait, inside: dict[str, Channel]) -> bool:
    if wait.timed or wait.kind not in _OPTIONS or len(wait.channels) != 1:
        return False
    return wait.channels[0].channel in inside


def has_timeout(pid: int, wait: Wait) -> bool:
    """Return whether the socket that a process waits on has a time limit for that wait."""
    try:
        with copy_of(pid, wait.channels[0].fd) as copy:
            value = copy.getsockopt(socket.SOL_SOCKET, _OPTIONS[wait.kind], _TIMEVAL.size)
    except OSError:
        return False  # gone, not permitted, or an older kernel
    return any(_TIMEVAL.unpack(value))


def copy_of(pid: int, fd: int) -> socket.socket:
    """Return a copy of a socket of another process.

    Raises:
        OSError: gone, not permitted, no socket, or the kernel cannot.

    """
    process = os.pidfd_open(pid)
    try:
        copy = _libc.syscall(_PIDFD_GETFD, process, fd, 0)
        if copy < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return _as_socket(copy)
    finally:
        os.close(process)


def _as_socket(fd: int) -> socket.socket:
    try:
        return socket.socket(fileno=fd)
    except OSError:
        os.close(fd)
        raise
