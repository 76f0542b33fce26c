"""The counters of the control groups that limit a process, read again and again.

Sources: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst, accounting/psi.rst and
scheduler/sched-bwc.rst of Linux.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from diag.collect.cgroup import ROOT, CgroupError, read_counters, read_word, whole_number
from diag.collect.limits import Tightest, throttled_s, tightest_cpu, tightest_memory
from diag.model.gap import Gap
from diag.model.sample import GroupSample

_T = TypeVar("_T")
_REFAULTS = ("workingset_refault_anon", "workingset_refault_file", "workingset_refault")
_PRESSURE = re.compile(r"^(some|full) .*\btotal=(\d{1,19})$", re.MULTILINE)


class GroupCounters:
    """Finds the limiting groups of a process once and reads their counters cheaply.

    A group that cannot be found or read leaves a gap, and its counters are None.
    """

    def __init__(self, pid: int, *, root: Path = ROOT) -> None:
        self._pid = pid
        self.gaps: list[Gap] = []
        self._cpu = self._try("cpu group", lambda: tightest_cpu(pid, root=root))
        self._memory = self._try("memory group", lambda: tightest_memory(pid, root=root))

    def read(self) -> tuple[GroupSample | None, tuple[Gap, ...]]:
        """Return the counters now, and what could not be read."""
        before = len(self.gaps)
        facts: dict[str, Any] = {}
        if (cpu := self._cpu) is not None:
            facts |= self._try("cpu counters", lambda: _cpu_counters(cpu)) or {}
        if (memory := self._memory) is not None:
            facts |= self._try("memory counters", lambda: _memory_counters(memory)) or {}
        gaps, self.gaps[before:] = tuple(self.gaps), []
        return (GroupSample(**facts) if facts else None), gaps

    def _try(self, what: str, read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except CgroupError as error:
            because = str(error)
        except OSError as error:
            because = f"{error.filename}: {error.strerror}"
        self.gaps.append(Gap(what=what, because=because, pid=self._pid))
        return None


def _cpu_counters(group: Tightest) -> dict[str, Any]:
    stat = read_counters(group.level, "cpu.stat")
    usage_s = stat["usage_usec"] / 1e6 if "usage_usec" in stat else None
    if group.version == 1 and (usage := read_word(group.level, "cpuacct.usage")) is not None:
        usage_s = whole_number(usage, group.level / "cpuacct.usage") / 1e9
    return {
        "cpu_usage_s": usage_s,
        "periods": stat.get("nr_periods"),
        "throttled_periods": stat.get("nr_throttled"),
        "throttled_s": throttled_s(stat),
        "cpu_pressure_s": _pressure(group.level, "cpu.pressure", "some"),
    }


def _memory_counters(group: Tightest) -> dict[str, Any]:
    if group.version == 2:
        used, events, whole = "memory.current", "memory.events", ""
    else:  # a group's counters are its own; those of its subtree have "total_" before them
        used, events, whole = "memory.usage_in_bytes", "memory.oom_control", "total_"
    stat = read_counters(group.level, "memory.stat")
    refaults = [stat[key] for key in (whole + name for name in _REFAULTS) if key in stat]
    word = read_word(group.level, used)
    return {
        "memory_used_bytes": None if word is None else whole_number(word, group.level / used),
        "memory_cache_bytes": stat.get(whole + "inactive_file"),
        "memory_limit_bytes": None if group.limit is None else int(group.limit),
        "oom_kills": read_counters(group.level, events).get("oom_kill"),
        "refaults": sum(refaults) if refaults else None,
        "memory_pressure_s": _pressure(group.level, "memory.pressure", "full"),
    }


def _pressure(level: Path, name: str, line: str) -> float | None:
    """Return a PSI total in seconds; None where the kernel keeps none for the group."""
    try:
        text = read_word(level, name)
    except OSError:  # EOPNOTSUPP: built in, and switched off at boot (psi=0)
        return None
    totals = dict(_PRESSURE.findall(text or ""))
    return int(totals[line]) / 1e6 if line in totals else None
