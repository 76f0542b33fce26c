"""The processes of one run: what they use, and their end.

A run is started as a session of its own. A process belongs to it if it is in that
session or was once seen below the run's first process.
"""

import contextlib
import os
import time
from pathlib import Path

import psutil

from diag.model.base import Record

END_DEADLINE_S = 5.0


class Sample(Record, frozen=True):
    """What the processes of a run use at one moment.

    Attributes:
        processes: those alive.
        rss_bytes: sum of their resident sizes; memory they share counts for each.
        cpu_s: CPU time of all processes seen so far, the ended ones included.

    """

    processes: int
    rss_bytes: int
    cpu_s: float


class Tree:
    """The processes of the session whose leader is `root`."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._cpu_s: dict[psutil.Process, float] = {}

    def sample(self) -> Sample:
        """Look at every process of the run once."""
        rss_bytes = 0
        alive = self.alive()
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied), process.oneshot():
                times = process.cpu_times()
                rss_bytes += process.memory_info().rss
                self._cpu_s[process] = times.user + times.system
        return Sample(processes=len(alive), rss_bytes=rss_bytes, cpu_s=sum(self._cpu_s.values()))

    def alive(self) -> list[psutil.Process]:
        """Return the processes of the run that have not ended."""
        for process in psutil.process_iter():
            if process not in self._cpu_s and self._belongs(process):
                self._cpu_s[process] = 0.0
        return [process for process in self._cpu_s if _runs(process)]

    def seen_inside_as(self, inner_pid: int) -> int | None:
        """Return the pid of the process that has this one in a pid namespace of its own."""
        for process in self.alive():
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                pids = next(line for line in status.splitlines() if line.startswith("NSpid:"))
                if pids.split()[2:] and int(pids.split()[-1]) == inner_pid:
                    return process.pid
        return None

    def end(self) -> None:
        """Kill every process of the run; returns when none is left.

        Raises TimeoutError if the kernel does not let one go.
        """
        deadline = time.monotonic() + END_DEADLINE_S
        while alive := self.alive():
            for process in alive:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            if time.monotonic() > deadline:
                pids = ", ".join(str(process.pid) for process in alive)
                raise TimeoutError(f"these processes do not end: {pids}")
            time.sleep(0.02)

    def _belongs(self, process: psutil.Process) -> bool:
        try:
            known = {each.pid for each in self._cpu_s}
            return os.getsid(process.pid) == self._root or process.ppid() in known
        except (ProcessLookupError, PermissionError, psutil.Error):
            return False


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
