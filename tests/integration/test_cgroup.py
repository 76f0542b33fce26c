"""Limits of a real control group, where this user may make one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from diag.collect.limits import read_limits
from diag.model.codec import decode_report
from tests.integration import harness
from tests.integration.commands import DEADLINE_S, diag, python, read_until

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


@pytest.mark.parametrize(
    ("quota_us", "period_us"), [(5_000, 100_000), (1_000, 1_000_000)], ids=["5 %", "0.1 %"]
)
def test_a_tree_that_is_throttled_does_not_stall(
    groups: tuple[Path, Path], quota_us: int, period_us: int
) -> None:
    cpu, _ = groups
    (cpu / "cpu.cfs_period_us").write_text(str(period_us))
    (cpu / "cpu.cfs_quota_us").write_text(str(quota_us))
    code = (
        "import os\n"
        "r, w = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.write(1, b'READY')\n"
        "    while True: pass\n"
        "os.close(w); os.read(r, 1)"
    )
    target = subprocess.Popen(python(code), stdout=subprocess.PIPE, start_new_session=True)
    try:
        read_until(target.stdout, b"READY")
        for pid in harness.session(target.pid):
            (cpu / "inner/cgroup.procs").write_text(str(pid))
        with diag("watch", str(target.pid), "--stall", "1.5", "--for", "8", "--json") as watch:
            out, err = watch.communicate(timeout=DEADLINE_S)
    finally:
        (cpu / "cpu.cfs_quota_us").write_text("-1")  # else it would take long to die
        os.killpg(target.pid, signal.SIGKILL)
        target.communicate(timeout=DEADLINE_S)
        until_s = time.monotonic() + DEADLINE_S
        while (cpu / "inner/cgroup.procs").read_text():
            assert time.monotonic() < until_s
            time.sleep(0.05)
    assert b"nothing has happened" not in err
    assert [finding.rule for finding in decode_report(out).findings] == ["throttled"]
