"""How processes ended, also of those that their parents collect at once.

A zombie names its exit status, but is seldom there for long enough to be seen. From Linux 6.15
on a pidfd that was opened while its process lived keeps it (`PIDFD_INFO_EXIT` of
include/uapi/linux/pidfd.h); before, `exit_statuses` knows nothing. To hold a pidfd takes no
permission and keeps nobody from ending or being collected.
"""

import contextlib
import fcntl
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from diag.collect.memory import PROC
from diag.collect.room import descriptor_limit
from diag.collect.tree import read_stat
from diag.model.ids import ProcessId
from diag.model.sample import Ended

_MOST_FOLLOWED = 256  # a descriptor of diag's own each
_SHARE_KEPT = 1 / 16  # of those that it may have, at most
# struct pidfd_info, as of its first version: mask, ten fields of no interest, exit_code.
_INFO = struct.Struct("=Q 52x i")
_GET_INFO = 3 << 30 | _INFO.size << 16 | 0xFF << 8 | 11  # PIDFD_GET_INFO
_EXIT = 1 << 3  # PIDFD_INFO_EXIT: asked for and, in the answer, whether it was collected


class Endings:
    """Follows processes to their ends."""

    def __init__(self, *, proc_root: Path = PROC) -> None:
        # Numbers in a copied tree are no processes of this machine.
        self._follows = proc_root == PROC
        self._fds: dict[ProcessId, int] = {}
        self._most = min(_MOST_FOLLOWED, int(descriptor_limit() * _SHARE_KEPT))

    def follow(self, processes: Iterable[ProcessId]) -> None:
        """Follow these too, as far as the budget allows."""
        for process in processes:
            if self._follows and process not in self._fds and len(self._fds) < self._most:
                fd = _open(process)
                if fd is not None:
                    self._fds[process] = fd

    def of_those_gone(self, alive: Iterable[ProcessId]) -> Iterator[Ended]:
        """Yield how those ended that were followed and are not alive, each once."""
        for process in self._fds.keys() - set(alive):
            fd = self._fds.pop(process)
            try:
                status = _exit_status(fd)
            finally:
                os.close(fd)
            if status is not None:
                yield Ended(id=process, exit_status=status)

    def close(self) -> None:
        """Follow nobody any more."""
        while self._fds:
            os.close(self._fds.popitem()[1])


def _open(process: ProcessId) -> int | None:
    """Return a pidfd, None if the process has ended or there are no descriptors left."""
    try:
        fd = os.pidfd_open(process.pid)
    except OSError:
        return None
    with contextlib.suppress(OSError):  # it ended meanwhile, and its pid may be another's
        if read_stat(process.pid).start_ticks == process.start_ticks:
            return fd
    os.close(fd)
    return None


def _exit_status(fd: int) -> int | None:
    """Return the status as wait4 gave it, None if it lives on or the kernel does not tell."""
    answer = bytearray(_INFO.pack(_EXIT, 0))
    try:
        fcntl.ioctl(fd, _GET_INFO, answer)
    except OSError:  # ENOTTY or EINVAL before Linux 6.15
        return None
    mask, status = _INFO.unpack(answer)
    return status if mask & _EXIT else None
