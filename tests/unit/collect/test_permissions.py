"""Checks on copied trees: what is missing is named, with its remedy."""

import os
from pathlib import Path

import pytest

from diag.collect.checks import Check, State
from diag.collect.permissions import check_host
from diag.collect.reach import check_process
from tests.unit.collect.trees import PID, write

MOUNTS = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"


def host(
    root: Path, *, capabilities: str = "0", scope: str | None = None, mounts: str = MOUNTS
) -> dict[str, Check]:
    files = {
        "proc/self/stat": "1 (x) R",
        "proc/self/status": f"Name:\tx\nCapEff:\t{capabilities}\n",
        "proc/self/mountinfo": mounts,
        f"proc/self/task/{os.getpid()}/syscall": "running",
    }
    if scope is not None:
        files["proc/sys/kernel/yama/ptrace_scope"] = scope
    write(root, files)
    return {check.name: check for check in check_host(root=root)}


@pytest.mark.parametrize(
    ("capabilities", "scope", "state", "remedied"),
    [
        ("0", None, State.OK, False),
        ("0", "0\n", State.OK, False),
        ("0", "1\n", State.LIMITED, True),
        ("0000000000080000", "1\n", State.OK, False),
        ("0", "2\n", State.LIMITED, True),
        ("0000000000080000", "3\n", State.LIMITED, False),
        ("0", "what\n", State.LIMITED, False),
    ],
)
def test_ptrace_scope_counts_only_without_the_capability(
    tmp_path: Path, capabilities: str, scope: str | None, state: State, remedied: bool
) -> None:
    check = host(tmp_path, capabilities=capabilities, scope=scope)["ptrace_scope"]
    assert (check.state, check.remedy is not None) == (state, remedied)


@pytest.mark.parametrize(
    ("capabilities", "state"),
    [("0", State.LIMITED), ("000001ffffffffff", State.OK), ("0000000000040000", State.LIMITED)],
)
def test_capability(tmp_path: Path, capabilities: str, state: State) -> None:
    assert host(tmp_path, capabilities=capabilities)["CAP_SYS_PTRACE"].state is state


def test_files_that_this_kernel_lacks(tmp_path: Path) -> None:
    checks = host(tmp_path)
    assert checks["system calls of threads"].state is State.OK
    missing = checks["list of children"]
    assert missing.state is State.LIMITED
    assert missing.remedy is not None


@pytest.mark.parametrize(
    ("mounts", "found"),
    [
        (MOUNTS, "version 2"),
        ("1 2 0:1 / /c rw - cgroup cgroup rw,cpu\n", "version 1"),
        (MOUNTS + "1 2 0:1 / /c rw - cgroup cgroup rw,cpu\n", "version 1 and 2 (hybrid)"),
        ("1 2 0:1 / / rw - ext4 /dev/sda cgroup\n", "not mounted: limits are not known"),
    ],
)
def test_control_groups(tmp_path: Path, mounts: str, found: str) -> None:
    assert host(tmp_path, mounts=mounts)["control groups"].found == found


def test_a_process_that_is_gone_is_checked_no_further(tmp_path: Path) -> None:
    assert [check.found for check in check_process(PID, root=tmp_path)] == ["no such process"]
