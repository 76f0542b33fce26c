"""Processes whose control group is frozen, in both versions, where this user may freeze one."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from diag.model.report import Verdict
from diag.pipeline import judge, look
from tests.integration.pythons import environment

LOOK_S = 0.6
DEADLINE_S = 5.0
PROGRAM = "import time; print('READY', flush=True)\nwhile True: time.sleep(0.05)"
# Where the hierarchy may be, the file that freezes, and what is written to it.
VERSIONS = {
    "1": (("freezer",), "freezer.state", "FROZEN", "THAWED"),
    "2": ((".", "unified"), "cgroup.freeze", "1", "0"),
}


@pytest.fixture
def target() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", PROGRAM], stdout=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def switch(
    request: pytest.FixtureRequest, target: subprocess.Popen[bytes]
) -> Iterator[tuple[Path, str, str]]:
    folders, name, freeze, thaw = VERSIONS[request.param]
    group = make_group(folders, name, target.pid)
    try:
        yield group / name, freeze, thaw
    finally:
        (group / name).write_text(thaw)
        target.kill()
        target.wait()
        group.rmdir()


def make_group(folders: tuple[str, ...], name: str, pid: int) -> Path:
    """Make a group that can be frozen, with a process in it; skip where that is not possible."""
    for folder in folders:
        group = Path("/sys/fs/cgroup") / folder / f"diag-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / name).exists():
                (group / "cgroup.procs").write_text(str(pid))
                return group
        except OSError:
            group.rmdir()
            continue
        group.rmdir()
    pytest.skip(f"needs a control group with {name} that may be made")


def wait_until_frozen(group: Path) -> None:
    """Wait until the kernel says that it has frozen all of a group: it takes some milliseconds."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        for name, words in (("freezer.state", "FROZEN"), ("cgroup.events", "frozen 1")):
            if (group / name).exists() and words in (group / name).read_text():
                return
        time.sleep(0.001)
    raise AssertionError(f"{group} is not frozen")


@pytest.mark.parametrize("switch", VERSIONS, indirect=True)
def test_a_frozen_process_is_named_with_the_file_that_says_so(
    target: subprocess.Popen[bytes], switch: tuple[Path, str, str]
) -> None:
    file, freeze, thaw = switch
    file.write_text(freeze)
    wait_until_frozen(file.parent)
    report = judge(look(target.pid, for_s=LOOK_S))
    assert report.verdict is Verdict.HUNG
    (found,) = report.findings
    assert found.rule == "stopped-process"
    assert "frozen" in found.title
    assert str(file.parent) in found.evidence[0].text
    file.write_text(thaw)
    assert judge(look(target.pid, for_s=LOOK_S)).verdict is Verdict.HEALTHY
