"""What the kernel lets a process use: control groups, affinity, resource limits.

Each fact is read on its own: what cannot be read or understood becomes a gap, never a
number. psutil offers affinity and RLIMITs too, but only of the running system; these files
also come from a copied tree. loky and proclimits know control groups, but only of the process
that asks, and only its innermost group.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from diag.collect.cgroup import (
    ROOT,
    CgroupError,
    Group,
    find_group,
    read_counters,
    read_word,
    whole_number,
)
from diag.collect.cpulist import CpuListError, parse_cpu_list
from diag.collect.tasklimits import tightest_tasks
from diag.model.gap import Gap
from diag.model.limits import Limits

# Version 1 writes "no limit" as the largest number of whole pages in a signed 64-bit word
# (PAGE_COUNTER_MAX in linux/page_counter.h); no machine has 2**60 bytes.
_NO_MEMORY_LIMIT = 1 << 60
# The kernel takes periods of 1 ms to 1 s (kernel/sched/core.c).
_PERIODS_US = range(1_000, 1_000_001)

_RLIMITS = {
    "Max open files": "open_files_soft",
    "Max processes": "processes_soft",
    "Max address space": "address_space_bytes",
}

Facts = dict[str, Any]


def read_limits(pid: int, *, root: Path = ROOT) -> Limits:
    """Read the limits of a process; raises nothing, what fails is in `gaps`."""
    facts: Facts = {}
    gaps: list[Gap] = []
    sources: dict[str, Callable[[int, Path], Facts]] = {
        "affinity": _affinity,
        "cpu quota": _cpu,
        "memory limit": _memory,
        "resource limits": _rlimits,
        "limit of tasks": _tasks,
    }
    for what, source in sources.items():
        try:
            facts |= source(pid, root)
        except (CgroupError, CpuListError) as error:
            gaps.append(Gap(what=what, because=_shown(error), pid=pid))
        except OSError as error:
            because = _shown(f"{error.filename}: {error.strerror}")
            gaps.append(Gap(what=what, because=because, pid=pid))
    return msgspec.convert({**facts, "gaps": gaps}, Limits, from_attributes=True)


def _affinity(pid: int, root: Path) -> Facts:
    """Count the CPUs allowed that are online: the mask may name CPUs that are not there."""
    path = root / "proc" / str(pid) / "status"
    for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        name, _, value = line.partition(":")
        if name == "Cpus_allowed_list":
            allowed = parse_cpu_list(value.strip(), path)
            online = root / "sys/devices/system/cpu/online"
            present = parse_cpu_list(
                online.read_text(encoding="utf-8", errors="surrogateescape").strip(), online
            )
            return {"affinity_cpus": len(allowed & present) or len(allowed)}
    raise CpuListError(f"{path} has no Cpus_allowed_list")


def _rlimits(pid: int, root: Path) -> Facts:
    path = root / "proc" / str(pid) / "limits"
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    soft = {fact: parse_rlimit(text, name, path) for name, fact in _RLIMITS.items()}
    return {fact: limit for fact, limit in soft.items() if limit is not None}


def _tasks(pid: int, root: Path) -> Facts:
    path = root / "proc" / str(pid) / "limits"
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    tightest = tightest_tasks(pid, parse_rlimit(text, "Max processes", path), root=root)
    return {
        "tasks_limit": tightest.limit,
        "tasks_used": tightest.used,
        "tasks_limit_source": tightest.source,
    }


def parse_rlimit(text: str, name: str, path: Path) -> int | None:
    """Return a soft limit from `/proc/PID/limits` (proc_pid_limits(5)), None if unlimited.

    Raises:
        CgroupError: there is no such line, or no number in it.

    """
    for line in text.splitlines():
        if line.startswith(name + " "):
            soft, *_ = line.removeprefix(name).split() or [""]
            return None if soft == "unlimited" else whole_number(soft, path)
    raise CgroupError(f"{path} has no line for {name}")


def _cpu(pid: int, root: Path) -> Facts:
    tightest = tightest_cpu(pid, root=root)
    if tightest.limit is None:
        return {}
    name = "cpu.max" if tightest.version == 2 else "cpu.cfs_quota_us"
    stat = read_counters(tightest.level, "cpu.stat")
    return {
        "cpu_quota_cpus": tightest.limit,
        "cpu_quota_source": str(tightest.level / name),
        "periods": stat.get("nr_periods"),
        "throttled_periods": stat.get("nr_throttled"),
        "throttled_s": throttled_s(stat),
    }


class Tightest(NamedTuple):
    """The level of a process's group that limits it most.

    Attributes:
        version: of the hierarchy, 1 or 2.
        level: its folder; the innermost where no level sets a limit.
        limit: CPUs or bytes, None if no level sets one.

    """

    version: int
    level: Path
    limit: float | None


def tightest_cpu(pid: int, *, root: Path = ROOT) -> Tightest:
    """Return the level with the smallest CPU quota, in CPUs.

    Raises:
        CgroupError: the group cannot be found or a file of it not understood.
        OSError: gone or not permitted.

    """
    group = find_group(pid, "cpu", root=root)
    return _tightest(group, _quota_v2 if group.version == 2 else _quota_v1)


def tightest_memory(pid: int, *, root: Path = ROOT) -> Tightest:
    """Return the level with the smallest memory limit, in bytes; errors as `tightest_cpu`."""
    group = find_group(pid, "memory", root=root)
    name = "memory.max" if group.version == 2 else "memory.limit_in_bytes"
    return _tightest(group, lambda level: _limit(level, name))


def _tightest(group: Group, read: Callable[[Path], float | None]) -> Tightest:
    limits = [(limit, level) for level in group.levels if (limit := read(level)) is not None]
    _still_there(group)
    limit, level = min(limits, key=lambda each: each[0], default=(None, group.levels[0]))
    return Tightest(group.version, level, limit)


def throttled_s(stat: dict[str, int]) -> float | None:
    """Return the run time withheld, in seconds, from the counters of a `cpu.stat`."""
    if "throttled_usec" in stat:
        return stat["throttled_usec"] / 1e6
    return stat["throttled_time"] / 1e9 if "throttled_time" in stat else None


def _quota_v2(level: Path) -> float | None:
    path = level / "cpu.max"
    text = read_word(level, "cpu.max")
    if text is None:
        return None
    quota, _, period = text.partition(" ")
    return None if quota == "max" else _quota(quota, period or "100000", path)


def _quota_v1(level: Path) -> float | None:
    quota = read_word(level, "cpu.cfs_quota_us")
    if quota is None or quota == "-1":
        return None
    return _quota(quota, read_word(level, "cpu.cfs_period_us") or "", level / "cpu.cfs_quota_us")


def _quota(quota: str, period: str, source: Path) -> float:
    quota_us, period_us = whole_number(quota, source), whole_number(period, source)
    if quota_us <= 0 or period_us not in _PERIODS_US:
        raise CgroupError(f"{source} says {quota_us} us of each {period_us} us")
    return quota_us / period_us


def _memory(pid: int, root: Path) -> Facts:
    tightest = tightest_memory(pid, root=root)
    if tightest.version == 2:
        name, used, events = "memory.max", "memory.current", "memory.events"
    else:
        name, used, events = "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.oom_control"
    facts: Facts = {"oom_kills": read_counters(tightest.level, events).get("oom_kill")}
    if tightest.limit is not None:
        use = read_word(tightest.level, used)
        facts |= {
            "memory_limit_bytes": tightest.limit,
            "memory_limit_source": str(tightest.level / name),
            "memory_used_bytes": None if use is None else whole_number(use, tightest.level / used),
        }
    return facts


def _limit(level: Path, name: str) -> int | None:
    text = read_word(level, name)
    if text is None or text in ("max", "-1"):
        return None
    limit = whole_number(text, level / name)
    if limit < 0:
        raise CgroupError(f"{level / name} holds {limit}")
    return None if limit >= _NO_MEMORY_LIMIT else limit


def _still_there(group: Group) -> None:
    """Tell a group without limits from one that was removed while it was read."""
    if not group.levels[0].is_dir():
        raise CgroupError(f"{group.levels[0]} was removed while it was read")


def _shown(text: object) -> str:
    """Return a text that can be encoded: the names of groups may hold any bytes."""
    return str(text).encode("utf-8", "backslashreplace").decode()
