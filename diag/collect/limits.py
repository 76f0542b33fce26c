"""What the kernel lets a process use: control groups, affinity, open files.

Each fact is read on its own: what cannot be read or understood becomes a gap, never a
number. psutil offers affinity and RLIMIT_NOFILE too, but only of the running system; these
files also come from a copied tree.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
from diag.model.gap import Gap
from diag.model.limits import Limits

# Version 1 writes "no limit" as the largest number of whole pages in a signed 64-bit word
# (PAGE_COUNTER_MAX in linux/page_counter.h); no machine has 2**60 bytes.
_NO_MEMORY_LIMIT = 1 << 60
# The kernel takes periods of 1 ms to 1 s (kernel/sched/core.c).
_PERIODS_US = range(1_000, 1_000_001)

Facts = dict[str, Any]


def read_limits(pid: int, *, root: Path = ROOT) -> Limits:
    """Read the limits of a process; raises nothing, what fails is in `gaps`."""
    facts: Facts = {}
    gaps: list[Gap] = []
    sources: dict[str, Callable[[int, Path], Facts]] = {
        "affinity": _affinity,
        "cpu quota": _cpu,
        "memory limit": _memory,
        "open files limit": _open_files,
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


def effective_cpus(limits: Limits) -> float | None:
    """Return how many CPUs' worth of time the process can get; None if nothing is known."""
    known = [cpus for cpus in (limits.affinity_cpus, limits.cpu_quota_cpus) if cpus is not None]
    return min(known) if known else None


def worker_count(limits: Limits) -> int | None:
    """Return how many workers a CPU-bound pool should have; None if nothing is known.

    A quota is rounded up: the last, throttled worker uses the fraction that is left over.
    """
    cpus = effective_cpus(limits)
    return None if cpus is None else max(1, math.ceil(cpus))


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


def _open_files(pid: int, root: Path) -> Facts:
    path = root / "proc" / str(pid) / "limits"
    for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        if line.startswith("Max open files"):
            soft = line.removeprefix("Max open files").split()[0]
            return {} if soft == "unlimited" else {"open_files_soft": whole_number(soft, path)}
    raise CgroupError(f"{path} has no line for open files")


def _cpu(pid: int, root: Path) -> Facts:
    group = find_group(pid, "cpu", root=root)
    read = _quota_v2 if group.version == 2 else _quota_v1
    quotas = [(quota, level) for level in group.levels if (quota := read(level)) is not None]
    _still_there(group)
    if not quotas:
        return {}
    quota, level = min(quotas, key=lambda each: each[0])
    stat = read_counters(level, "cpu.stat")
    facts: Facts = {
        "cpu_quota_cpus": quota,
        "cpu_quota_source": _shown(
            level / ("cpu.max" if group.version == 2 else "cpu.cfs_quota_us")
        ),
        "periods": stat.get("nr_periods"),
        "throttled_periods": stat.get("nr_throttled"),
    }
    if "throttled_usec" in stat:
        facts["throttled_s"] = stat["throttled_usec"] / 1e6
    elif "throttled_time" in stat:
        facts["throttled_s"] = stat["throttled_time"] / 1e9
    return facts


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
    group = find_group(pid, "memory", root=root)
    if group.version == 2:
        name, used, events = "memory.max", "memory.current", "memory.events"
    else:
        name, used, events = "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.oom_control"
    limits = [
        (limit, level) for level in group.levels if (limit := _limit(level, name)) is not None
    ]
    _still_there(group)
    limit, level = min(limits, key=lambda each: each[0], default=(None, group.levels[0]))
    facts: Facts = {"oom_kills": read_counters(level, events).get("oom_kill")}
    if limit is not None:
        use = read_word(level, used)
        facts |= {
            "memory_limit_bytes": limit,
            "memory_limit_source": _shown(level / name),
            "memory_used_bytes": None if use is None else whole_number(use, level / used),
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
