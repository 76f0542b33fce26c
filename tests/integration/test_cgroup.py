"""Limits of a real control group, where this user may make one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diag.collect.limits import read_limits

CPU = Path("/sys/fs/cgroup/cpu")
MEMORY = Path("/sys/fs/cgroup/memory")


@pytest.fixture
def groups() -> Iterator[tuple[Path, Path]]:
    if not (CPU / "cpu.cfs_quota_us").exists() or os.geteuid() != 0:
        pytest.skip("needs root and version 1 control groups at /sys/fs/cgroup")
    made = tuple(mount / f"diag-test-{os.getpid()}" for mount in (CPU, MEMORY))
    for group in made:
        (group / "inner").mkdir(parents=True)
    try:
        yield made[0], made[1]
    finally:
        for group in made:
            (group / "inner").rmdir()
            group.rmdir()


def test_real_limits_are_found_above_the_group_of_the_process(groups: tuple[Path, Path]) -> None:
    cpu, memory = groups
    (cpu / "cpu.cfs_period_us").write_text("100000")
    (cpu / "cpu.cfs_quota_us").write_text("150000")
    (memory / "memory.limit_in_bytes").write_text(str(64 << 20))
    with subprocess.Popen(
        [sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE
    ) as process:
        try:
            for group in groups:
                (group / "inner/cgroup.procs").write_text(str(process.pid))
            limits = read_limits(process.pid)
        finally:
            process.communicate(b"\n")
    assert limits.cpu_quota_cpus == 1.5
    assert limits.cpu_quota_source == str(cpu / "cpu.cfs_quota_us")
    assert limits.memory_limit_bytes == 64 << 20
    assert limits.memory_used_bytes is not None
    assert limits.throttled_periods is not None
    assert limits.gaps == ()
