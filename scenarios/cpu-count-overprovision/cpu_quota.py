"""How many CPUs this process may use: the tightest of affinity and every CPU quota above it.

`os.cpu_count()` and `os.process_cpu_count()` know nothing of quotas: those are CPU
time per period, written in the control groups (v1 or v2) on the way up to the root.
"""

import os
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def quota_v2(folder):
    quota, period = (folder / "cpu.max").read_text().split()
    return None if quota == "max" else int(quota) / int(period)


def quota_v1(folder):
    quota = int((folder / "cpu.cfs_quota_us").read_text())
    return None if quota < 0 else quota / int((folder / "cpu.cfs_period_us").read_text())


def way_up():
    """Yield the control groups of this process from its own to the root, with their reader."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mount, read = ROOT, quota_v2
        elif "cpu" in controllers.split(","):
            mount, read = ROOT / controllers, quota_v1
        else:
            continue
        group = mount / path.lstrip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(mount):
                yield folder, read


def quotas():
    for folder, read in way_up():
        try:
            quota = read(folder)
        except FileNotFoundError:  # the root of v2, or a group outside this container
            continue
        if quota is not None:
            yield quota


def usable_cpus():
    """Return the number of workers that a CPU-bound pool should have here."""
    return max(1, int(min([len(os.sched_getaffinity(0)), *quotas()])))


if __name__ == "__main__":
    print(usable_cpus())
