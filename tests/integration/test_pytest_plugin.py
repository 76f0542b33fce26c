"""`pytest --diag`: a test that hangs is diagnosed, and nothing is left behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

HANGS = """
import threading

def test_fine():
    pass

def test_hangs():
    lock = threading.RLock()
    holder = threading.Thread(target=lock.acquire)
    holder.start()
    holder.join()
    print("captured output stays captured")
    lock.acquire()
"""


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, sys.path)),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # loaded by name: diag need not be installed
    }
    environment.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull]
    command += ["-p", "diag.pytest_plugin"]
    return subprocess.Popen(
        [*command, f"--rootdir={folder}", *options, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=folder,
    )


def monitors(pid: int) -> list[int]:
    """Find the processes whose command line is that of the monitor of `pid`."""
    wanted = f"diag.cli.monitor\0{pid}\0".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if wanted in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue  # it ended while the list was read
    return found


def assert_no_monitor_stays(pid: int) -> None:
    deadline_s = time.monotonic() + 30
    while left := monitors(pid):
        assert time.monotonic() < deadline_s, left
        time.sleep(0.05)


def test_a_hanging_test_is_diagnosed_while_it_hangs(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(HANGS)
    run = start(tmp_path, "--diag", "--diag-stall", "1")
    assert run.stderr is not None
    seen: list[str] = []
    try:
        for line in run.stderr:
            seen.append(line)
            if line.startswith("Limits"):
                break
        text = "".join(seen)
        assert run.poll() is None, text
    finally:
        run.kill()
        run.communicate(timeout=30)
    assert "no test has finished for 1 s (running: 'test_it.py::test_hangs')" in text
    assert "HUNG (proven)" in text
    assert "test_hangs" in text.split("Processes")[1]
    assert "captured output" not in text
    assert "diag.cli.monitor" not in text
    assert_no_monitor_stays(run.pid)


@pytest.mark.parametrize("options", [[], ["--diag"], ["--diag", "--diag-stall=60", "-s"]])
def test_a_run_that_ends_is_left_alone(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "test_it.py").write_text("def test_fine(): pass\n")
    run = start(tmp_path, *options)
    out, error = run.communicate(timeout=60)
    assert run.returncode == 0, out + error
    assert error == ""
    assert_no_monitor_stays(run.pid)


def test_without_the_option_nothing_of_diag_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_fine():\n"
        "    loaded = {name for name in sys.modules if name.split('.')[0] == 'diag'}\n"
        "    assert loaded == {'diag', 'diag.pytest_plugin'}\n"
    )
    run = start(tmp_path)
    out, error = run.communicate(timeout=60)
    assert run.returncode == 0, out + error


@pytest.mark.parametrize("stall", ["0", "-1", "nan", "inf"])
def test_a_stall_that_cannot_be_meant(tmp_path: Path, stall: str) -> None:
    run = start(tmp_path, "--diag", f"--diag-stall={stall}")
    _, error = run.communicate(timeout=60)
    assert run.returncode == 4
    assert "is not a number of seconds above 0" in error
