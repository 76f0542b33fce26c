import os
from pathlib import Path

import pytest

from diag.scenario import cgroups
from diag.scenario.cgroups import Group, Usage
from diag.scenario.places import NotPermittedError, Place, places


class Machine:
    """The two files of /proc that say where groups are, and a tree of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cgroup = root / "cgroup"
        self.mountinfo = root / "mountinfo"
        self.mounts: list[str] = []

    def mount(self, kind: str, at: str, options: str, root: str = "/") -> Path:
        folder = self.root / at
        folder.mkdir(parents=True)
        self.mounts.append(f"31 23 0:28 {root} {folder} rw,relatime - {kind} {kind} rw,{options}")
        return folder

    def find(self, membership: str) -> dict[str, Place]:
        self.cgroup.write_text(membership)
        self.mountinfo.write_text("\n".join(["23 1 254:0 / / rw - ext4 /dev/vda rw", *self.mounts]))
        return places(self.cgroup, self.mountinfo)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_version_1_groups_are_made_below_the_own_one(machine: Machine) -> None:
    cpu = machine.mount("cgroup", "cpu", "cpu,cpuacct")
    memory = machine.mount("cgroup", "memory", "memory")
    found = machine.find("4:memory:/jobs/7\n2:cpu,cpuacct:/\n0::/\n")
    assert found["cpu"] == Place(parent=str(cpu), version=1)
    assert found["memory"] == Place(parent=str(memory / "jobs/7"), version=1)


def test_a_container_sees_only_its_part_of_version_1(machine: Machine) -> None:
    cpu = machine.mount("cgroup", "cpu", "cpu", root="/docker/abc")
    memory = machine.mount("cgroup", "memory", "memory", root="/docker/abc")
    found = machine.find("4:memory:/docker/abc/inner\n2:cpu:/docker/abc\n")
    assert found["cpu"].parent == str(cpu)
    assert found["memory"].parent == str(memory / "inner")


def test_version_2_groups_are_made_below_the_nearest_that_hands_both_on(machine: Machine) -> None:
    root = machine.mount("cgroup2", "unified", "nsdelegate")
    own = root / "user.slice/session.scope"
    own.mkdir(parents=True)
    (root / "cgroup.subtree_control").write_text("cpu memory pids\n")
    (own.parent / "cgroup.subtree_control").write_text("memory\n")
    (own / "cgroup.subtree_control").write_text("\n")
    found = machine.find("0::/user.slice/session.scope\n")
    assert found["cpu"] == found["memory"] == Place(parent=str(root), version=2)


def test_version_2_that_hands_nothing_on(machine: Machine) -> None:
    root = machine.mount("cgroup2", "unified", "nsdelegate")
    (root / "cgroup.subtree_control").write_text("pids\n")
    with pytest.raises(NotPermittedError, match="hands on limits of cpu and memory"):
        machine.find("0::/\n")


def test_hybrid_takes_each_controller_where_it_is(machine: Machine) -> None:
    cpu = machine.mount("cgroup", "cpu", "cpu")
    root = machine.mount("cgroup2", "unified", "nsdelegate")
    (root / "cgroup.subtree_control").write_text("memory\n")
    found = machine.find("1:cpu:/\n0::/\n")
    assert found["cpu"] == Place(parent=str(cpu), version=1)
    assert found["memory"] == Place(parent=str(root), version=2)


@pytest.mark.parametrize(
    ("membership", "reason"),
    [
        ("", "has no control groups"),
        ("1:pids:/\n", "has no control groups"),
        ("1:cpu:/../elsewhere\n", "is not mounted here"),
    ],
)
def test_machines_without_usable_groups(machine: Machine, membership: str, reason: str) -> None:
    machine.mount("cgroup", "cpu", "cpu", root="/docker/abc")
    with pytest.raises(NotPermittedError, match=reason):
        machine.find(membership)


def test_no_proc(tmp_path: Path) -> None:
    with pytest.raises(NotPermittedError, match="No such file"):
        places(tmp_path / "cgroup", tmp_path / "mountinfo")


def test_a_group_that_cannot_be_made_says_why(machine: Machine) -> None:
    machine.mount("cgroup", "cpu", "cpu")
    machine.mount("cgroup", "memory", "memory")
    machine.find("2:cpu:/gone\n4:memory:/gone\n")
    with (
        pytest.raises(NotPermittedError, match=r"can be made .*gone.*No such file"),
        cgroups.group(cpu_cores=1, self_cgroup=machine.cgroup, self_mountinfo=machine.mountinfo),
    ):
        pytest.fail("there is no such group")


def test_limits_and_counters_of_version_1(tmp_path: Path) -> None:
    cpu, memory = tmp_path / "cpu", tmp_path / "memory"
    for folder in (cpu, memory):
        folder.mkdir()
        (folder / "cgroup.procs").write_text("12\n13\n")
    (cpu / "cpu.stat").write_text("nr_periods 40\nnr_throttled 30\nthrottled_time 2500000000\n")
    (memory / "memory.max_usage_in_bytes").write_text("1048576\n")
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    group = Group({"cpu": (cpu, 1), "memory": (memory, 1)})
    group.limit(cpu_cores=1.5, memory_bytes=4096)
    assert (cpu / "cpu.cfs_quota_us").read_text() == "150000"
    assert (cpu / "cpu.cfs_period_us").read_text() == "100000"
    assert (memory / "memory.limit_in_bytes").read_text() == "4096"
    assert group.procs_files == (cpu / "cgroup.procs", memory / "cgroup.procs")
    assert group.pids() == {12, 13}
    assert group.usage() == Usage(
        periods=40,
        throttled_periods=30,
        throttled_s=2.5,
        memory_peak_bytes=1048576,
        oom_kills=2,
    )


def test_limits_and_counters_of_version_2(tmp_path: Path) -> None:
    (tmp_path / "cpu.stat").write_text(
        "usage_usec 9\nnr_periods 4\nnr_throttled 3\nthrottled_usec 250000\n"
    )
    (tmp_path / "memory.peak").write_text("2097152\n")
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n")
    group = Group({"cpu": (tmp_path, 2), "memory": (tmp_path, 2)})
    group.limit(cpu_cores=0.5, memory_bytes=4096)
    assert (tmp_path / "cpu.max").read_text() == "50000 100000"
    assert (tmp_path / "memory.max").read_text() == "4096"
    assert group.procs_files == (tmp_path / "cgroup.procs",)
    assert group.usage() == Usage(
        periods=4, throttled_periods=3, throttled_s=0.25, memory_peak_bytes=2097152, oom_kills=1
    )


def test_counters_that_an_older_kernel_does_not_have_are_unknown(tmp_path: Path) -> None:
    assert Group({"cpu": (tmp_path, 2), "memory": (tmp_path, 2)}).usage() == Usage()


def test_a_group_that_was_there_is_left_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu = machine.mount("cgroup", "cpu", "cpu")
    machine.mount("cgroup", "memory", "memory")
    machine.find("2:cpu:/\n4:memory:/\n")
    monkeypatch.setattr(cgroups, "_numbers", iter([7]))
    theirs = cpu / f"diag-scenario-{os.getpid()}-7"
    theirs.mkdir()
    with (
        pytest.raises(NotPermittedError, match="File exists"),
        cgroups.group(cpu_cores=1, self_cgroup=machine.cgroup, self_mountinfo=machine.mountinfo),
    ):
        pytest.fail("it belongs to somebody else")
    assert theirs.is_dir()
