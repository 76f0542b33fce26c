"""`pytest --diag`: a test that hangs fails and says why, the run goes on, nothing is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

SUITES = Path(__file__).parents[1] / "programs/pytest_suites"
# What fails in the suite `hanging`, and the rule that says why.
CAUSES = {
    "hanging.test_collection": "self-deadlock",
    "test_lock_order": "lock-cycle",
    "test_event_loop_blocked": "self-deadlock",
    "test_fixture": "nobody-can-act",
    "test_fixture_teardown": "nobody-can-act",
    "test_lock_inherited_by_fork": "orphaned-lock",
    "test_dead_pool_worker": "lost-task",
    "test_full_pipe": "pipe-child-cycle",
}
HEALTHY = {"test_healthy", "test_healthy_afterwards", "test_healthy_pool"}


def start(folder: Path, evidence: Path, *options: str | Path) -> "subprocess.Popen[str]":
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, sys.path)),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # loaded by name: diag need not be installed
    }
    for name in ("PYTEST_ADDOPTS", "PYTHONUNBUFFERED", "DIAG_PYTEST_RUN", "PYTEST_XDIST_WORKER"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull]
    command += ["-p", "diag.pytest_plugin", f"--diag-dir={evidence}", f"--rootdir={folder}"]
    return subprocess.Popen(
        [*command, *map(str, options)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=folder,
    )


class Run(NamedTuple):
    """What came of a run of pytest."""

    pid: int
    status: int
    out: str
    error: str
    took_s: float


def finish(run: "subprocess.Popen[str]", *, within_s: float = 60) -> Run:
    begun_s = time.monotonic()
    try:
        out, error = run.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        run.kill()
        out, error = run.communicate()
        pytest.fail(f"pytest did not end:\n{out}{error}")
    took_s = time.monotonic() - begun_s
    assert_no_monitor_stays(run.pid)
    return Run(run.pid, run.returncode, out, error, took_s)


def one_test(folder: Path, code: str, *options: str) -> Run:
    (folder / "test_it.py").write_text(code)
    return finish(start(folder, folder / "evidence", "--diag", *options, folder))


def monitors(pid: int) -> Iterator[int]:
    wanted = f"diag.pytest_monitor\0{pid}\0".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if wanted in (entry / "cmdline").read_bytes():
                    yield int(entry.name)
            except OSError:
                continue  # it ended while the list was read


def assert_no_monitor_stays(pid: int) -> None:
    deadline_s = time.monotonic() + 30
    while left := list(monitors(pid)):
        assert time.monotonic() < deadline_s, left
        time.sleep(0.05)


class Result(NamedTuple):
    """What JUnit's XML says of a test."""

    text: str
    time_s: float


def results(xml: Path) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for case in ElementTree.parse(xml).iter("testcase"):
        texts = [part.text or "" for kind in ("failure", "error") for part in case.iter(kind)]
        texts += [part.text or "" for part in case.iter("system-out") if texts]
        before = found.get(case.attrib["name"], Result("", 0.0))
        text = before.text + "".join(texts)
        found[case.attrib["name"]] = Result(text, before.time_s + float(case.attrib["time"]))
    return found


def assert_causes(found: dict[str, Result]) -> None:
    for name, rule in CAUSES.items():
        assert f"ERROR (proven)  {rule}" in found[name].text, (name, found[name].text)
        assert "HUNG (proven)" in found[name].text
        assert found[name].time_s < 15, name
    for name in HEALTHY:
        assert found[name].text == "", name


def test_each_hanging_test_fails_with_its_cause(tmp_path: Path) -> None:
    xml = tmp_path / "results.xml"
    options = ("--diag", "--continue-on-collection-errors", f"--junitxml={xml}", "hanging")
    run = finish(start(SUITES, tmp_path / "evidence", *options))
    assert run.status == 1, run.out + run.error
    found = results(xml)
    assert_causes(found)
    assert found.keys() == CAUSES.keys() | HEALTHY
    # The way out of a pool whose worker was killed may hang as well: two reports of one test.
    kept = (tmp_path / "evidence").glob("hang-*.txt")
    assert len({file.read_text().partition("\n")[0] for file in kept}) == len(CAUSES)
    assert run.error == ""


def test_in_workers_of_xdist_and_with_the_gil_held(tmp_path: Path) -> None:
    xml = tmp_path / "results.xml"
    options = ("--diag", "--continue-on-collection-errors", f"--junitxml={xml}", "hanging", "gil")
    run = finish(start(SUITES, tmp_path / "evidence", "-p", "xdist.plugin", "-n2", *options))
    assert run.status == 1, run.out + run.error
    found = results(xml)
    assert_causes(found)
    gil = next(result for name, result in found.items() if "test_gil_held" in name)
    assert "crashed" in gil.text
    assert "ERROR (proven)  gil-held" in gil.text
    assert "test_gil_held (call) hangs and cannot be interrupted" in run.error


def test_what_a_test_left_behind_is_not_the_cause_of_later_hangs(tmp_path: Path) -> None:
    """Unless it is: who waits for a lock of those threads, or for their end, waits for them."""
    xml = tmp_path / "results.xml"
    run = finish(start(SUITES, tmp_path / "evidence", "--diag", f"--junitxml={xml}", "left"))
    assert "7 failed, 2 passed" in run.out, run.out + run.error
    found = results(xml)
    for name, rule in {
        "test_circle": "lock-cycle",
        "test_item_that_never_comes": "nobody-can-act",
        "test_child_with_a_full_pipe": "pipe-child-cycle",
        "test_lock_of_one_who_was_left": "lock-cycle",
        "test_plain_lock_that_one_of_them_holds": "lock-cycle",
        "test_end_of_one_who_was_left": "lock-cycle",
        "test_lost_task": "lost-task",
    }.items():
        assert f"ERROR (proven)  {rule}" in found[name].text, (name, found[name].text)
    of_another = found["test_lock_of_one_who_was_left"].text
    assert " was left behind by left/test_left.py::test_circle" in of_another


def test_a_hang_at_exit_is_named_and_ended(tmp_path: Path) -> None:
    run = finish(start(SUITES, tmp_path / "evidence", "--diag", "at_exit"))
    assert "1 passed" in run.out
    assert run.status == 1
    assert "pytest (interpreter exit) hangs" in run.error
    assert 'thread "forgotten"' in run.error


def test_a_worker_of_xdist_that_hangs_at_exit_makes_the_run_fail(tmp_path: Path) -> None:
    options = ("--diag", "-p", "xdist.plugin", "-n2", "at_exit")
    run = finish(start(SUITES, tmp_path / "evidence", *options))
    assert "1 passed" in run.out
    assert run.status == 1
    assert "a worker of pytest-xdist (interpreter exit) hangs" in run.error
    assert "was left behind by at_exit/test_exit.py::test_leaves_a_thread" in run.error


def test_pytest_itself_is_ended_where_it_cannot_be_interrupted(tmp_path: Path) -> None:
    run = finish(start(SUITES, tmp_path / "evidence", "--diag", "gil"))
    assert run.status == -signal.SIGKILL or run.status == -signal.SIGTERM
    assert "test_gil_held (call) hangs and cannot be interrupted: pytest is ended" in run.error
    assert "gil-held" in run.error


@pytest.mark.parametrize("options", [(), ("--diag",), ("--diag", "--diag-stall=60", "-s")])
def test_a_run_that_ends_is_left_alone(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "test_it.py").write_text("def test_fine(): pass\n")
    run = finish(start(tmp_path, tmp_path / "evidence", *options, tmp_path))
    assert run.status == 0, run.out + run.error
    assert run.error == ""
    assert "warning" not in run.out
    assert not (tmp_path / "evidence").exists()


def test_without_the_option_nothing_of_diag_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_fine():\n"
        "    loaded = {name for name in sys.modules if name.split('.')[0] == 'diag'}\n"
        "    assert loaded == {'diag', 'diag.pytest_plugin'}\n"
    )
    run = finish(start(tmp_path, tmp_path / "evidence", tmp_path))
    assert run.status == 0, run.out + run.error


@pytest.mark.parametrize("stall", ["0", "-1", "nan", "inf"])
def test_a_stall_that_cannot_be_meant(tmp_path: Path, stall: str) -> None:
    run = finish(start(tmp_path, tmp_path / "evidence", "--diag", f"--diag-stall={stall}"))
    assert run.status == 4
    assert "is not a number of seconds above 0" in run.error


def test_a_marker_that_cannot_be_meant(tmp_path: Path) -> None:
    code = "import pytest\n@pytest.mark.diag(stall='soon')\ndef test_it(): pass\n"
    run = one_test(tmp_path, code)
    assert run.status == 4
    assert "marker diag: stall: soon is not a number of seconds above 0" in run.out + run.error


def test_what_cannot_be_proven_fails_after_the_time_of_the_marker(tmp_path: Path) -> None:
    code = (
        "import pytest, time\n"
        "@pytest.mark.diag(stall=1)\n"
        "def test_slow(): time.sleep(100)\n"
        "def test_fine(): time.sleep(2)\n"
    )
    run = one_test(tmp_path, code)
    assert "1 failed, 1 passed" in run.out, run.out + run.error
    assert "test_it.py::test_slow (call) takes longer than 1 s" in run.out
    assert run.took_s < 20


def test_values_of_variables_are_shown_where_they_are_asked_for(tmp_path: Path) -> None:
    code = (
        "import threading\n"
        "def test_it():\n"
        "    order, password = 'seventeen', 'hunter2'\n"
        "    lock = threading.Lock()\n"
        "    lock.acquire()\n"
        "    lock.acquire()\n"
    )
    shown = one_test(tmp_path, code, "--diag-show-locals").out
    assert 'order = "seventeen"' in shown
    assert "password = ***" in shown
    assert "order =" not in one_test(tmp_path, code, "--tb=no", "-rN").out
    kept = [path.read_text() for path in (tmp_path / "evidence").iterdir()]
    assert any("seventeen" in text for text in kept)
    assert not any("hunter2" in text for text in kept)


def test_a_handler_of_the_test_may_end_the_wait(tmp_path: Path) -> None:
    """So this is no proof; a time-out that was asked for counts all the same."""
    code = (
        "import pytest, signal, threading\n"
        "@pytest.mark.diag(stall=4)\n"
        "def test_it():\n"
        "    done = threading.Event()\n"
        "    signal.signal(signal.SIGUSR1, lambda *_: done.set())\n"
        "    done.wait()\n"
    )
    run = one_test(tmp_path, code)
    assert "takes longer than 4 s" in run.out, run.out + run.error
    assert "(call) hangs" not in run.out


def test_descriptors_closed_and_another_folder(tmp_path: Path) -> None:
    code = (
        "import os, threading\n"
        "def test_it():\n"
        "    os.chdir('/')\n"
        "    os.closerange(20, 1000)\n"
        "    threading.Event().wait()\n"
        "def test_fine(): pass\n"
    )
    run = one_test(tmp_path, code)
    assert "1 failed, 1 passed" in run.out, run.out + run.error
    assert "test_it.py::test_it (call) hangs" in run.out


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("threading.Event().wait()", "pytest (start) hangs"),
        ("def pytest_sessionfinish(): threading.Event().wait()", "pytest (session finish) hangs"),
    ],
)
def test_a_hang_outside_of_tests_ends_the_run(tmp_path: Path, code: str, where: str) -> None:
    (tmp_path / "conftest.py").write_text(f"import threading\n{code}\n")
    run = one_test(tmp_path, "def test_fine(): pass\n")
    assert run.status in (1, 4)
    assert where in run.error + run.out
    assert "nobody-can-act" in run.error + run.out
    assert "ended in" not in run.error


def test_a_pytest_after_another_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import threading\ndef test_it(): threading.Event().wait()\n"
    )
    code = (
        "import pytest, sys\n"
        "options = ['-p', 'no:cacheprovider', '-p', 'diag.pytest_plugin', '--diag', '-q']\n"
        "sys.exit(min(pytest.main([*options, 'test_it.py']) for _ in range(2)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sys.path))}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    for name in ("DIAG_PYTEST_RUN", "CI"):  # with CI set, pytest tells every failure twice
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("test_it.py::test_it (call) hangs") == 2


def test_evidence_survives_kill_9(tmp_path: Path) -> None:
    code = "import os\ndef test_it(): os.kill(os.getpid(), 9)\n"
    run = one_test(tmp_path, code)
    assert run.status == -signal.SIGKILL
    (file,) = (tmp_path / "evidence").glob("died-*.txt")
    assert "test_it.py::test_it (call)" in file.read_text()
    assert "test_it.py::test_it (call)" in run.error


def test_what_a_test_leaves_behind(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, threading, pytest\n"
        "KEPT = []\n"
        "done = threading.Event()\n"
        "@pytest.fixture(scope='module', autouse=True)\n"
        "def server():\n"
        "    child = subprocess.Popen(['sleep', '100'])\n"
        "    yield\n"
        "    child.kill(); child.wait(); done.set()\n"
        "def test_thread(): threading.Thread(target=done.wait, name='helper').start()\n"
        "def test_file(): KEPT.append(open('/dev/null'))\n"
        "def test_tidy():\n"
        "    thread = threading.Thread(target=int); thread.start()\n"
        "    os.close(os.open('/dev/null', 0))\n"
        "    subprocess.run(['true'])\n"
    )
    run = one_test(tmp_path, code, "-W", "error")
    assert run.status == 0, run.out + run.error
    assert "the test left behind: thread helper" in run.out
    assert "(null)" in run.out
    assert run.out.count("left behind") == 2
    quiet = one_test(tmp_path, code, "--diag-no-leaks")
    assert "left behind" not in quiet.out


def test_a_healthy_suite_of_quick_tests_is_hardly_slower(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('number', range(500))\n"
        "def test_quick(number, tmp_path): assert sum(range(20_000)) > number\n"
    )

    def took_s(*options: str) -> float:
        run = finish(start(tmp_path, tmp_path / "evidence", *options, tmp_path))
        assert "500 passed" in run.out
        return run.took_s

    plain_s = min(took_s() for _ in range(2))
    watched_s = min(took_s("--diag") for _ in range(2))
    assert watched_s <= plain_s * 1.03 + 1.0
