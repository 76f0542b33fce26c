"""Processes of a command that left their group, their session and their parent.

diag becomes a child subreaper (prctl(2)): the kernel gives it every descendant whose parent
ends, also one that has made itself leader of a session, so nothing gets lost. A descendant
that is a subreaper itself stays a descendant, and so does what it adopts. Only where the
kernel refuses (a seccomp profile may) the command is started with a mark in its environment,
which its processes inherit. Of their environment nothing but the mark is looked for.
"""

import ctypes
import os
import time
from collections.abc import Iterator
from contextlib import suppress

from diag.collect.procfs import list_numbers, read_all

VARIABLE = "DIAG_RUN"
_PR_SET_CHILD_SUBREAPER = 36  # include/uapi/linux/prctl.h


class Strays:
    """Finds them from the moment on in which it is made.

    Attributes:
        environment: what the command is to be started with.

    """

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self._mark = b""
        if not become_subreaper():
            run = f"{os.getpid()}.{time.monotonic_ns()}"
            self.environment[VARIABLE] = run
            self._mark = f"{VARIABLE}={run}".encode()

    def find(self, *known: int) -> tuple[int, ...]:
        """Return those that run, but for `known`; children of diag that have ended are reaped.

        To be called only while diag runs no helper, which would be a child as well.
        """
        alive = []
        for pid in _own_children():
            if pid in known:
                continue
            with suppress(ChildProcessError):  # somebody else reaped it
                if os.waitpid(pid, os.WNOHANG) == (0, 0):
                    alive.append(pid)
        if self._mark:
            alive += (pid for pid in _marked(self._mark) if pid not in (*known, *alive))
        return tuple(alive)


def become_subreaper() -> bool:
    """Let the kernel give diag the descendants that lose their parents; return whether it does."""
    refused: int = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return refused == 0


def _own_children() -> Iterator[int]:
    for tid in list_numbers("/proc/self/task"):
        with suppress(OSError):  # the thread ended
            yield from map(int, read_all(f"/proc/self/task/{tid}/children").split())


def _marked(mark: bytes) -> Iterator[int]:
    for pid in list_numbers("/proc"):
        with suppress(OSError):  # it ended, or is somebody else's
            if mark in read_all(f"/proc/{pid}/environ").split(b"\0"):
                yield pid
