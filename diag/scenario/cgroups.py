"""Makes a control group with real limits for one run, reads its counters and removes it.

`diag.scenario.places` says where. No group that was there is ever changed.

Sources: Documentation/admin-guide/cgroup-v1/memory.rst, Documentation/admin-guide/cgroup-v2.rst
and Documentation/scheduler/sched-bwc.rst of Linux.
"""

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from diag.model.base import Record
from diag.scenario.places import NotPermittedError, places

PERIOD_US = 100_000  # the kernel's own default
REMOVE_DEADLINE_S = 5.0
_TRY_AGAIN_S = 0.02

_numbers = itertools.count(1)


class Usage(Record, frozen=True):
    """The counters of a group. None: the kernel does not say.

    Attributes:
        periods: enforcement periods that passed with something to run.
        throttled_periods: those in which the quota ran out.
        throttled_s: time that CPUs were denied to it, summed over the CPUs.
        memory_peak_bytes: the most memory it was charged with.
        oom_kills: processes that the kernel killed for want of memory.

    """

    periods: int | None = None
    throttled_periods: int | None = None
    throttled_s: float | None = None
    memory_peak_bytes: int | None = None
    oom_kills: int | None = None


class Group:
    """A control group of our own: one folder, or one for each controller in version 1."""

    def __init__(self, folders: dict[str, tuple[Path, int]]) -> None:
        self._folders = folders
        self._made: list[Path] = []

    @property
    def procs_files(self) -> tuple[Path, ...]:
        """The files to write a pid to, to put it in."""
        return tuple({folder / "cgroup.procs": None for folder, _ in self._folders.values()})

    def pids(self) -> set[int]:
        """Return the processes in it."""
        return {int(pid) for file in self.procs_files for pid in file.read_text().split()}

    def usage(self) -> Usage:
        """Return its counters now."""
        cpu, cpu_version = self._folders["cpu"]
        memory, memory_version = self._folders["memory"]
        stat = _table(cpu / "cpu.stat")
        if cpu_version == 1:
            throttled_ns = stat.get("throttled_time")
        else:
            throttled_ns = stat["throttled_usec"] * 1000 if "throttled_usec" in stat else None
        peak = "memory.max_usage_in_bytes" if memory_version == 1 else "memory.peak"
        events = "memory.oom_control" if memory_version == 1 else "memory.events"
        return Usage(
            periods=stat.get("nr_periods"),
            throttled_periods=stat.get("nr_throttled"),
            throttled_s=None if throttled_ns is None else throttled_ns / 1e9,
            memory_peak_bytes=_number(memory / peak),  # memory.peak: Linux 5.19
            oom_kills=_table(memory / events).get("oom_kill"),  # version 1: Linux 4.13
        )

    def limit(self, *, cpu_cores: float | None, memory_bytes: int | None) -> None:
        """Set its limits; None leaves one open."""
        cpu, cpu_version = self._folders["cpu"]
        memory, memory_version = self._folders["memory"]
        if cpu_cores is not None:
            quota_us = int(cpu_cores * PERIOD_US)
            if cpu_version == 1:
                (cpu / "cpu.cfs_period_us").write_text(str(PERIOD_US))
                (cpu / "cpu.cfs_quota_us").write_text(str(quota_us))
            else:
                (cpu / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")
        if memory_bytes is not None:
            name = "memory.limit_in_bytes" if memory_version == 1 else "memory.max"
            (memory / name).write_text(str(memory_bytes))

    def make(self) -> None:
        """Make its folders, or raise OSError."""
        for folder in dict.fromkeys(folder for folder, _ in self._folders.values()):
            folder.mkdir()
            self._made.append(folder)

    def remove(self) -> None:
        """Kill what is still in it and remove what was made, or raise OSError in the end."""
        deadline = time.monotonic() + REMOVE_DEADLINE_S
        while self._made:
            folder = self._made[-1]
            for pid in map(int, (folder / "cgroup.procs").read_text().split()):
                if pid > 0:  # 0: in a pid namespace that is not ours
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            try:
                folder.rmdir()
                self._made.pop()
            except OSError:  # busy: a process is not quite gone
                if time.monotonic() > deadline:
                    raise
                time.sleep(_TRY_AGAIN_S)


@contextlib.contextmanager
def group(
    *,
    cpu_cores: float | None = None,
    memory_bytes: int | None = None,
    self_cgroup: Path = Path("/proc/self/cgroup"),
    self_mountinfo: Path = Path("/proc/self/mountinfo"),
) -> Iterator[Group]:
    """Give a new group with these limits and remove it in the end, whatever happens.

    Raises NotPermittedError where none can be made.
    """
    name = f"diag-scenario-{os.getpid()}-{next(_numbers)}"
    found = places(self_cgroup, self_mountinfo)
    new = Group({each: (Path(at.parent) / name, at.version) for each, at in found.items()})
    try:
        try:
            new.make()
            new.limit(cpu_cores=cpu_cores, memory_bytes=memory_bytes)
        except OSError as error:
            reason = f"{error.filename or name}: {error.strerror}"
            raise NotPermittedError(f"no control group can be made ({reason})") from error
        yield new
    finally:
        new.remove()


def _table(file: Path) -> dict[str, int]:
    try:
        lines = [line.split() for line in file.read_text().splitlines()]
    except FileNotFoundError:  # an older kernel
        return {}
    return {key: int(value) for key, value in lines}


def _number(file: Path) -> int | None:
    return int(file.read_text()) if file.exists() else None
