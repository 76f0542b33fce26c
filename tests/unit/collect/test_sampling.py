"""Counters from fake trees: what is missing is None or a gap, never a number."""

from pathlib import Path

import pytest

from diag.collect.sampling import Sampler, take_sample
from diag.errors import TargetGoneError
from tests.unit.collect.fake_proc import FakeProc, status_text
from tests.unit.collect.trees import LIMITS, V2_MOUNT, v1_mount, write

ROOT, CHILD = 100, 101
STAT = (
    "{pid} (a) b) S {parent} 1 1 0 -1 {flags} 0 0 9 0 70 30 0 0 20 0 3 0 1000 0 25 "
    + "0 " * 27
    + "{code}\n"
)


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    fake = FakeProc(tmp_path / "proc")
    base = fake.process(ROOT, children=(CHILD,))
    fake.process(CHILD, parent=ROOT)
    stat = STAT.format(pid=ROOT, parent=1, flags=0x40, code=0)
    (base / "stat").write_text(stat)
    (base / "limits").write_text(LIMITS.replace("1024  ", "4     "))
    (base / "io").write_text("rchar: 5\nread_bytes: 4096\nwrite_bytes: 8192\n")
    (base / "schedstat").write_text("5000 2500000000 12\n")
    (base / "status").write_text(status_text(ROOT, switches=(50, 7)))
    for number, link in enumerate(("/etc/hosts", "socket:[5]", "socket:[6]")):
        fake.descriptor(ROOT, number, link)
    return fake


def test_every_counter_of_a_process(proc: FakeProc) -> None:
    seen = take_sample(ROOT, proc_root=proc.root).processes[0]
    assert (seen.user_ticks, seen.system_ticks, seen.threads) == (70, 30, 3)
    assert seen.rss_bytes == 25 * 4096
    assert (seen.voluntary_switches, seen.involuntary_switches) == (50, 7)
    assert (seen.read_bytes, seen.write_bytes, seen.major_faults) == (4096, 8192, 9)
    assert seen.run_delay_s == 2.5
    assert (seen.name, seen.forked_without_exec) == ("a) b", True)


def test_a_crowded_descriptor_table_is_counted_by_kind(proc: FakeProc) -> None:
    seen = Sampler(ROOT, proc_root=proc.root).take().processes[0]
    assert seen.open_files_limit == 4
    assert seen.open_kinds == {"socket": 2, "file": 1}


def test_files_that_are_not_there_leave_none(proc: FakeProc) -> None:
    child = take_sample(ROOT, proc_root=proc.root).processes[1]
    assert (child.read_bytes, child.run_delay_s, child.open_files_limit) == (None, None, None)
    assert (child.parent_pid, child.open_kinds, child.exit_status) == (ROOT, {}, None)


def test_the_exit_status_of_a_zombie(proc: FakeProc) -> None:
    stat = STAT.format(pid=CHILD, parent=ROOT, flags=0, code=9).replace(" S ", " Z ")
    (proc.root / str(CHILD) / "stat").write_text(stat)
    (proc.root / str(CHILD) / "status").write_text(status_text(CHILD, uid=_uid()))
    assert take_sample(ROOT, proc_root=proc.root).processes[1].exit_status == 9


def test_no_control_groups_is_a_gap_and_no_number(proc: FakeProc) -> None:
    sample = take_sample(ROOT, proc_root=proc.root)
    assert sample.group is None
    assert {gap.what for gap in sample.gaps} == {"cpu group", "memory group"}


def test_counters_of_version_2(proc: FakeProc) -> None:
    group = "sys/fs/cgroup/app"
    files = {
        f"proc/{ROOT}/cgroup": "0::/app\n",
        "proc/self/mountinfo": V2_MOUNT,
        f"{group}/cpu.max": "50000 100000\n",
        f"{group}/cpu.stat": "usage_usec 3000000\nnr_periods 9\nnr_throttled 4\n"
        "throttled_usec 1500000\n",
        f"{group}/cpu.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n",
        f"{group}/memory.max": "1000000\n",
        f"{group}/memory.current": "900000\n",
        f"{group}/memory.stat": "inactive_file 300000\nworkingset_refault_anon 2\n"
        "workingset_refault_file 3\n",
        f"{group}/memory.events": "oom 1\noom_kill 2\n",
        f"{group}/memory.pressure": "some avg10=0 avg60=0 avg300=0 total=9\n"
        "full avg10=0 avg60=0 avg300=0 total=4000000\n",
    }
    write(proc.root.parent, files)
    seen = take_sample(ROOT, proc_root=proc.root).group
    assert seen is not None
    assert (seen.cpu_usage_s, seen.periods, seen.throttled_periods) == (3.0, 9, 4)
    assert (seen.throttled_s, seen.cpu_pressure_s, seen.memory_pressure_s) == (1.5, 2.5, 4.0)
    assert (seen.memory_used_bytes, seen.memory_cache_bytes) == (900000, 300000)
    assert (seen.memory_limit_bytes, seen.oom_kills, seen.refaults) == (1000000, 2, 5)


def test_counters_of_version_1_are_those_of_the_whole_subtree(proc: FakeProc) -> None:
    cpu, memory = "sys/fs/cgroup/cpu,cpuacct/app", "sys/fs/cgroup/memory/app"
    files = {
        f"proc/{ROOT}/cgroup": "4:memory:/app\n3:cpu,cpuacct:/app\n",
        "proc/self/mountinfo": "\n".join((v1_mount("cpu,cpuacct"), v1_mount("memory"))),
        f"{cpu}/cpu.cfs_quota_us": "50000\n",
        f"{cpu}/cpu.cfs_period_us": "100000\n",
        f"{cpu}/cpu.stat": "nr_periods 9\nnr_throttled 4\nthrottled_time 1500000000\n",
        f"{cpu}/cpuacct.usage": "3000000000\n",
        f"{memory}/memory.limit_in_bytes": "1000000\n",
        f"{memory}/memory.usage_in_bytes": "900000\n",
        f"{memory}/memory.stat": "inactive_file 1\ntotal_inactive_file 300000\n",
        f"{memory}/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    }
    write(proc.root.parent, files)
    seen = take_sample(ROOT, proc_root=proc.root).group
    assert seen is not None
    assert (seen.cpu_usage_s, seen.throttled_s, seen.memory_cache_bytes) == (3.0, 1.5, 300000)
    assert (seen.oom_kills, seen.refaults, seen.cpu_pressure_s) == (2, None, None)


@pytest.mark.parametrize("nonsense", ["nr_periods many\n", "\x00\n", "throttled_usec 1e9\n"])
def test_a_nonsense_counter_is_a_gap(proc: FakeProc, nonsense: str) -> None:
    files = {
        f"proc/{ROOT}/cgroup": "0::/app\n",
        "proc/self/mountinfo": V2_MOUNT,
        "sys/fs/cgroup/app/cpu.stat": nonsense,
        "sys/fs/cgroup/app/memory.current": "5\n",
    }
    write(proc.root.parent, files)
    sample = take_sample(ROOT, proc_root=proc.root)
    assert [gap.what for gap in sample.gaps] == ["cpu counters"]
    assert sample.group is not None
    assert (sample.group.periods, sample.group.memory_used_bytes) == (None, 5)


def test_a_group_that_vanishes_between_two_samples_is_a_gap(proc: FakeProc) -> None:
    files = {
        f"proc/{ROOT}/cgroup": "0::/app\n",
        "proc/self/mountinfo": V2_MOUNT,
        "sys/fs/cgroup/app/cpu.stat": "nr_periods 1\n",
    }
    write(proc.root.parent, files)
    sampler = Sampler(ROOT, proc_root=proc.root)
    before = sampler.take()
    (proc.root.parent / "sys/fs/cgroup/app/cpu.stat").unlink()
    after = sampler.take()
    assert before.group is not None
    assert before.group.periods == 1
    assert after.group is None or after.group.periods is None


def test_the_root_has_ended(tmp_path: Path) -> None:
    with pytest.raises(TargetGoneError):
        take_sample(7, proc_root=tmp_path)


def _uid() -> int:
    import os

    return os.geteuid()
