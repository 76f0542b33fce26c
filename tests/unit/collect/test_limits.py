"""Limits from copied trees: every kind of control group set-up, and nonsense in each file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.collect.cpulist import CpuListError, parse_cpu_list
from diag.collect.limits import read_limits
from diag.model.limits import Limits
from tests.unit.collect.trees import NO_LIMIT_V1, PID, V2_MOUNT, tree, v1_mount

CG = "sys/fs/cgroup"


def test_v2_systemd_the_slice_is_tighter_than_the_service(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "0::/system.slice/app.service\n",
        V2_MOUNT,
        files={
            f"{CG}/system.slice/cpu.max": "50000 100000\n",
            f"{CG}/system.slice/cpu.stat": (
                "usage_usec 99\nnr_periods 12\nnr_throttled 3\nthrottled_usec 1500000\n"
            ),
            f"{CG}/system.slice/memory.max": "max\n",
            f"{CG}/system.slice/app.service/cpu.max": "200000 100000\n",
            f"{CG}/system.slice/app.service/cpu.stat": "nr_periods 0\nnr_throttled 0\n",
            f"{CG}/system.slice/app.service/memory.max": "1073741824\n",
            f"{CG}/system.slice/app.service/memory.current": "4096\n",
            f"{CG}/system.slice/app.service/memory.events": "low 0\noom 2\noom_kill 1\n",
        },
    )
    assert read_limits(PID, root=root) == Limits(
        affinity_cpus=4,
        cpu_quota_cpus=0.5,
        cpu_quota_source=str(root / CG / "system.slice/cpu.max"),
        periods=12,
        throttled_periods=3,
        throttled_s=1.5,
        memory_limit_bytes=1 << 30,
        memory_limit_source=str(root / CG / "system.slice/app.service/memory.max"),
        memory_used_bytes=4096,
        oom_kills=1,
        open_files_soft=1024,
        processes_soft=63000,
        tasks_limit=63000,
        tasks_used=3,
        tasks_limit_source="RLIMIT_NPROC of user 7",
    )


def test_v2_kubernetes_the_limit_of_the_pod_counts(tmp_path: Path) -> None:
    pod = f"{CG}/kubepods.slice/kubepods-burstable.slice/pod7.slice"
    root = tree(
        tmp_path,
        "0::/kubepods.slice/kubepods-burstable.slice/pod7.slice/cri-1.scope\n",
        V2_MOUNT,
        files={
            f"{CG}/kubepods.slice/cpu.max": "max 100000\n",
            f"{CG}/kubepods.slice/memory.max": "8589934592\n",
            f"{pod}/cpu.max": "150000 100000\n",
            f"{pod}/cpu.stat": "nr_periods 1\nnr_throttled 1\nthrottled_usec 2\n",
            f"{pod}/memory.max": "268435456\n",
            f"{pod}/memory.current": "1\n",
            f"{pod}/cri-1.scope/cpu.max": "max 100000\n",
            f"{pod}/cri-1.scope/memory.max": "max\n",
        },
    )
    limits = read_limits(PID, root=root)
    assert (limits.cpu_quota_cpus, limits.memory_limit_bytes) == (1.5, 256 << 20)
    assert limits.gaps == ()


def test_v2_in_a_container_with_its_own_namespace(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "0::/\n",
        V2_MOUNT,
        files={f"{CG}/cpu.max": "25000 100000\n", f"{CG}/memory.max": "max\n"},
    )
    assert read_limits(PID, root=root).cpu_quota_cpus == 0.25


def test_v2_root_has_no_limit_files_and_so_no_limit(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/\n", V2_MOUNT, files={f"{CG}/cgroup.procs": ""})
    limits = read_limits(PID, root=root)
    assert (limits.cpu_quota_cpus, limits.memory_limit_bytes, limits.gaps) == (None, None, ())


def test_v1_tightest_on_the_way_up(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "4:memory:/a/b\n3:cpu,cpuacct:/a/b\n1:name=systemd:/\n",
        v1_mount("cpu,cpuacct"),
        v1_mount("memory"),
        files={
            f"{CG}/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            f"{CG}/cpu,cpuacct/a/cpu.cfs_quota_us": "100000\n",
            f"{CG}/cpu,cpuacct/a/cpu.cfs_period_us": "50000\n",
            f"{CG}/cpu,cpuacct/a/b/cpu.cfs_quota_us": "15000\n",
            f"{CG}/cpu,cpuacct/a/b/cpu.cfs_period_us": "10000\n",
            f"{CG}/cpu,cpuacct/a/b/cpu.stat": (
                "nr_periods 10\nnr_throttled 4\nthrottled_time 2500000000\n"
            ),
            f"{CG}/memory/memory.limit_in_bytes": NO_LIMIT_V1,
            f"{CG}/memory/a/memory.limit_in_bytes": "1048576\n",
            f"{CG}/memory/a/memory.usage_in_bytes": "524288\n",
            f"{CG}/memory/a/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n",
            f"{CG}/memory/a/b/memory.limit_in_bytes": NO_LIMIT_V1,
        },
    )
    limits = read_limits(PID, root=root)
    assert limits.cpu_quota_cpus == 1.5
    assert limits.cpu_quota_source == str(root / CG / "cpu,cpuacct/a/b/cpu.cfs_quota_us")
    assert (limits.periods, limits.throttled_periods, limits.throttled_s) == (10, 4, 2.5)
    assert (limits.memory_limit_bytes, limits.memory_used_bytes) == (1 << 20, 1 << 19)
    assert limits.oom_kills == 5
    assert limits.gaps == ()


def test_v1_inside_docker_the_path_is_mapped_through_the_mount(tmp_path: Path) -> None:
    """The path is the host's, the mount shows only the container's own group."""
    root = tree(
        tmp_path,
        "4:memory:/docker/abc\n3:cpu:/docker/abc/sub\n",
        v1_mount("cpu", root="/docker/abc"),
        v1_mount("memory", root="/docker/abc", point="/sys/fs/cgroup/with\\040space"),
        files={
            f"{CG}/cpu/cpu.cfs_quota_us": "50000\n",
            f"{CG}/cpu/cpu.cfs_period_us": "100000\n",
            f"{CG}/cpu/sub/cpu.cfs_quota_us": "-1\n",
            f"{CG}/with space/memory.limit_in_bytes": "2097152\n",
        },
    )
    limits = read_limits(PID, root=root)
    assert (limits.cpu_quota_cpus, limits.memory_limit_bytes) == (0.5, 2 << 20)
    assert limits.gaps == ()


def test_hybrid_takes_each_controller_from_where_it_is(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "4:cpu:/app\n0::/user.slice\n",
        v1_mount("cpu"),
        "40 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
        files={
            f"{CG}/cpu/app/cpu.cfs_quota_us": "300000\n",
            f"{CG}/cpu/app/cpu.cfs_period_us": "100000\n",
            f"{CG}/unified/user.slice/memory.max": "4194304\n",
            f"{CG}/unified/user.slice/cpu.max": "1000 100000\n",
        },
    )
    limits = read_limits(PID, root=root)
    assert (limits.cpu_quota_cpus, limits.memory_limit_bytes) == (3.0, 4 << 20)


def test_a_group_outside_of_the_own_mounts_is_found_through_those_of_the_process(
    tmp_path: Path,
) -> None:
    root = tree(
        tmp_path,
        "0::/docker/abc\n",
        "30 23 0:26 /docker/me /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
        their_mounts=("30 23 0:26 /docker/abc /cg rw - cgroup2 cgroup2 rw",),
        files={f"proc/{PID}/root/cg/cpu.max": "70000 100000\n", f"{CG}/cpu.max": "1 1\n"},
    )
    assert read_limits(PID, root=root).cpu_quota_cpus == 0.7


@pytest.mark.parametrize("path", ["/kubepods/pod7", "/../other"])
def test_a_mount_that_hides_the_path_counts_only_if_it_lists_the_process(
    tmp_path: Path, path: str
) -> None:
    files = {f"{CG}/cpu.max": "50000 100000\n", f"{CG}/cgroup.procs": f"1\n{PID}\n"}
    root = tree(tmp_path, f"0::{path}\n", V2_MOUNT, files=files)
    assert read_limits(PID, root=root).cpu_quota_cpus == 0.5

    (root / CG / "cgroup.procs").write_text(f"1\n{PID}0\n")
    limits = read_limits(PID, root=root)
    assert limits.cpu_quota_cpus is None
    assert [gap.what for gap in limits.gaps] == ["cpu quota", "memory limit", "limit of tasks"]
    assert f"its cpu group {path} is under no mount that can be read" in limits.gaps[0].because


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lots",
        "50000 0",
        "50000 -1",
        "0 100000",
        "-5 100000",
        "1e5 100000",
        "5 999999999",
        "٣ 9",
    ],
)
def test_a_nonsense_quota_is_a_gap_and_no_number(tmp_path: Path, text: str) -> None:
    root = tree(tmp_path, "0::/\n", V2_MOUNT, files={f"{CG}/cpu.max": text})
    limits = read_limits(PID, root=root)
    assert limits.cpu_quota_cpus is None
    assert [gap.what for gap in limits.gaps] == ["cpu quota"]
    assert "cpu.max" in limits.gaps[0].because


@pytest.mark.parametrize("text", ["", "lots", "-2", "1.5", "99999999999999999999999"])
def test_a_nonsense_memory_limit_is_a_gap_and_no_number(tmp_path: Path, text: str) -> None:
    root = tree(tmp_path, "0::/\n", V2_MOUNT, files={f"{CG}/memory.max": text})
    limits = read_limits(PID, root=root)
    assert limits.memory_limit_bytes is None
    assert [gap.what for gap in limits.gaps] == ["memory limit"]


def test_v1_quota_without_its_period_is_a_gap(tmp_path: Path) -> None:
    files = {f"{CG}/cpu/cpu.cfs_quota_us": "50000\n", f"{CG}/memory/memory.limit_in_bytes": "-1"}
    root = tree(tmp_path, "3:cpu:/\n4:memory:/\n", v1_mount("cpu"), v1_mount("memory"), files=files)
    limits = read_limits(PID, root=root)
    assert (limits.cpu_quota_cpus, limits.memory_limit_bytes) == (None, None)
    assert [gap.what for gap in limits.gaps] == ["cpu quota"]


def test_a_process_that_is_gone_leaves_only_gaps(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/\n", V2_MOUNT)
    limits = read_limits(PID + 1, root=root)
    assert {gap.what for gap in limits.gaps} == {
        "affinity",
        "cpu quota",
        "memory limit",
        "resource limits",
        "limit of tasks",
    }
    assert all("No such file" in gap.because for gap in limits.gaps)
    assert limits.effective_cpus is None
    assert limits.worker_count is None


def test_one_unreadable_file_costs_only_its_own_fact(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/\n", V2_MOUNT, files={f"{CG}/memory.max": "1024\n"})
    (root / f"proc/{PID}/status").write_text("Name:\tpython\n")
    (root / f"proc/{PID}/limits").write_text("Max open files  lots unlimited files\n")
    limits = read_limits(PID, root=root)
    assert [gap.what for gap in limits.gaps] == ["affinity", "resource limits", "limit of tasks"]
    assert (limits.memory_limit_bytes, limits.open_files_soft) == (1024, None)


def test_cpus_that_are_not_online_do_not_count(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/\n", V2_MOUNT, files={f"{CG}/x": ""})
    (root / f"proc/{PID}/status").write_text("Cpus_allowed_list:\t2-239\n")
    assert read_limits(PID, root=root).affinity_cpus == 2


@pytest.mark.parametrize(
    ("affinity", "quota", "cpus", "workers"),
    [(4, None, 4, 4), (4, 0.5, 0.5, 1), (4, 2.5, 2.5, 3), (2, 8.0, 2, 2), (None, 1.0, 1.0, 1)],
)
def test_effective_cpus(
    affinity: int | None, quota: float | None, cpus: float, workers: int
) -> None:
    limits = Limits(affinity_cpus=affinity, cpu_quota_cpus=quota)
    assert (limits.effective_cpus, limits.worker_count) == (cpus, workers)


@given(st.sets(st.integers(0, 300), min_size=1))
def test_cpu_lists_are_read_as_written(cpus: set[int]) -> None:
    text = ",".join(map(str, sorted(cpus)))
    assert parse_cpu_list(text, Path("online")) == cpus


@pytest.mark.parametrize("text", ["", "a", "3-1", "1,,2", "0-99999999", "-1", "1-", "0x1"])
def test_what_is_no_cpu_list_is_refused(text: str) -> None:
    with pytest.raises(CpuListError, match="is no list of CPUs"):
        parse_cpu_list(text, Path("online"))
