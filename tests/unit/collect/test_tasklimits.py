"""How many processes and threads there may be: the limit with the least room, from copied trees."""

from pathlib import Path

import pytest

from diag.collect.limits import read_limits
from tests.unit.collect.trees import LIMITS, PID, STATUS, V2_MOUNT, tree, v1_mount

CG = "sys/fs/cgroup"
UNLIMITED = LIMITS.replace("63000                63000    ", "unlimited            unlimited")


def tightest(root: Path) -> tuple[int | None, int | None, str | None]:
    limits = read_limits(PID, root=root)
    return limits.tasks_limit, limits.tasks_used, limits.tasks_limit_source


@pytest.mark.parametrize(
    ("cgroup", "mount", "base"),
    [
        ("0::/pod/app\n", V2_MOUNT, CG),
        ("8:pids:/pod/app\n0::/\n", v1_mount("pids"), f"{CG}/pids"),
    ],
)
def test_the_group_with_the_least_room_on_the_way_up(
    tmp_path: Path, cgroup: str, mount: str, base: str
) -> None:
    files = {
        f"{base}/pod/app/pids.max": "100\n",
        f"{base}/pod/app/pids.current": "10\n",
        f"{base}/pod/pids.max": "200\n",
        f"{base}/pod/pids.current": "180\n",
        f"{base}/pids.max": "max\n",
        f"{base}/pids.current": "180\n",
    }
    root = tree(tmp_path, cgroup, mount, files=files)
    assert tightest(root) == (200, 180, str(root / base / "pod/pids.max"))


def test_the_user_s_limit_counts_all_of_the_user_s_threads(tmp_path: Path) -> None:
    files = {
        "proc/50/status": STATUS.replace("Threads:\t3", "Threads:\t40"),
        "proc/51/status": STATUS.replace("Uid:\t7", "Uid:\t8"),
        "proc/52/unreadable": "",
    }
    assert tightest(tree(tmp_path, "", files=files)) == (63000, 43, "RLIMIT_NPROC of user 7")


@pytest.mark.parametrize(
    ("before", "after"), [("Uid:\t7", "Uid:\t0"), ("CapEff:\t0", "CapEff:\t0000000001000000")]
)
def test_root_is_held_by_the_machine_only(tmp_path: Path, before: str, after: str) -> None:
    root = tree(tmp_path, "", files={f"proc/{PID}/status": STATUS.replace(before, after)})
    assert tightest(root) == (70000, 500, "kernel.pid_max")


def test_root_of_a_user_namespace_is_a_user_like_others(tmp_path: Path) -> None:
    files = {
        f"proc/{PID}/status": STATUS.replace("Uid:\t7", "Uid:\t0"),
        f"proc/{PID}/uid_map": "         0       1000      65536\n",
    }
    assert tightest(tree(tmp_path, "", files=files))[2] == "RLIMIT_NPROC of user 0"


def test_without_other_limits_that_of_the_machine_is_left(tmp_path: Path) -> None:
    files = {f"proc/{PID}/limits": UNLIMITED, "proc/sys/kernel/threads-max": "600\n"}
    assert tightest(tree(tmp_path, "", files=files)) == (600, 500, "kernel.threads-max")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("proc/loadavg", "0.10 0.20 0.30 1/many 4242\n"),
        ("proc/loadavg", "nothing\n"),
        ("proc/sys/kernel/pid_max", "-1\n"),
        (f"{CG}/pids.max", "lots\n"),
        (f"{CG}/pids.current", "\n"),
        (f"proc/{PID}/status", "Name:\tx\nCpus_allowed_list:\t0\n"),
        (f"proc/{PID}/status", STATUS.replace("Uid:\t7", "Uid:\tseven")),
    ],
)
def test_nonsense_is_a_gap_and_no_number(tmp_path: Path, name: str, text: str) -> None:
    files = {f"{CG}/pids.max": "100\n", f"{CG}/pids.current": "10\n", name: text}
    root = tree(tmp_path, "0::/\n", V2_MOUNT, files=files)
    assert tightest(root) == (None, None, None)
    assert [gap.what for gap in read_limits(PID, root=root).gaps] == ["limit of tasks"]


def test_a_missing_file_is_a_gap_too(tmp_path: Path) -> None:
    root = tree(tmp_path, "")
    (root / "proc/loadavg").unlink()
    because = {gap.what: gap.because for gap in read_limits(PID, root=root).gaps}
    assert "loadavg" in because["limit of tasks"]
