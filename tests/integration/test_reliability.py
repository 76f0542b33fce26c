"""What may go wrong around a watch: nothing of it harms the target or loses what was seen."""

import os
import random
import resource
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from diag.cli.report import read_recording
from diag.collect.routine import Routine
from diag.collect.stacks import add_stacks
from diag.errors import RecordingError
from diag.model.recording import Recording
from diag.model.report import Verdict
from diag.pipeline import judge, look
from diag.watching.hooks import Hooks, Outcome
from diag.watching.loop import Watcher
from diag.watching.plan import Settings
from diag.watching.target import attach
from tests.integration import harness, pythons
from tests.integration.commands import DEADLINE_S, diag, python, read_until, run_diag, wait_for

PROGRAMS = {p.name: p for kind in ("hung", "healthy") for p in harness.programs(kind)}
TARGET = pythons.one_per_minor()[-1]
LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
MANY = 1000 if os.environ.get("DIAG_TEST_FULL") == "1" else 15
STORM = (
    "import os, time\n"
    "print('READY', flush=True)\n"
    "while True:\n"
    "    for _ in range(20):\n"
    "        if os.fork() == 0: os._exit(0)\n"
    "    for _ in range(20): os.wait()\n"
    "    time.sleep(0.05)\n"
)


@contextmanager
def started(code: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a few lines that say READY, in a session of their own."""
    process = subprocess.Popen(python(code), stdout=subprocess.PIPE, start_new_session=True)
    try:
        read_until(process.stdout, b"READY")
        yield process
    finally:
        for pid in harness.session(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait(DEADLINE_S)
        assert process.stdout is not None
        process.stdout.close()


def watch_for(pid: int, seconds: float, **options: object) -> Outcome:
    """Watch in this very process."""
    target = attach(pid, frozenset())
    with closing(target):
        watcher = Watcher(target, Settings(for_s=seconds), Hooks(judge=judge), **options)  # type: ignore[arg-type]
        return watcher.run()


def states(pid: int) -> set[str]:
    return {seen.state for seen in harness.threads(pid).values()}


@pytest.mark.parametrize("seed", range(4))
def test_diag_is_killed_at_any_moment(seed: int, tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    with (
        harness.running(PROGRAMS["lock_cycle_rlocks"], TARGET) as pid,
        diag("watch", str(pid), "--record", str(file), "--interval", "0.05") as watch,
    ):
        wait_for(file)
        time.sleep(random.Random(seed).uniform(0.0, 1.5))  # the moment is what is tried
        watch.kill()
        watch.wait()
        assert states(pid) <= {"S", "R"}
    if file.read_bytes().count(b"\n") < 2:
        with pytest.raises(RecordingError, match="no complete look"):
            read_recording(file)
        return
    recording: Recording = read_recording(file)
    assert judge(recording).verdict is not Verdict.DEGRADED
    assert recording.damage is None or recording.damage.startswith("1 line")


def test_a_target_that_forks_hundreds_of_processes_a_second() -> None:
    with started(STORM) as target:
        outcome = watch_for(target.pid, 3.0)
        assert target.poll() is None
    assert outcome.report is not None
    assert outcome.report.verdict is Verdict.HEALTHY, outcome.report.headline


@pytest.mark.skipif(not os.access(LAST_PID, os.W_OK), reason="needs root to choose a pid")
def test_a_pid_that_is_given_to_another_process() -> None:
    with started("print('READY'); input()") as target:
        pid = target.pid
        with closing(Routine(pid)) as routine:
            assert [pulse.id.pid for pulse in routine.take().processes] == [pid]
            target.kill()
            target.wait()
            for _ in range(50):
                LAST_PID.write_text(str(pid - 1))
                with subprocess.Popen(["sleep", "30"]) as other:
                    seen = routine.take()
                    other.kill()
                if other.pid == pid:
                    break
            assert seen.processes == ()


def test_a_target_that_is_stopped_for_a_moment_and_one_that_stays_so() -> None:
    with started("import time; print('READY'); time.sleep(60)") as target:
        os.kill(target.pid, signal.SIGSTOP)
        outcome = watch_for(target.pid, 1.5)
        assert states(target.pid) == {"T"}, "nor is it continued"
        assert outcome.report is not None
        assert [f.rule for f in outcome.report.findings] == ["stopped-process"]
        os.kill(target.pid, signal.SIGCONT)
        again = watch_for(target.pid, 1.5)
        assert again.report is not None
        assert again.report.verdict is Verdict.HEALTHY


def test_a_target_that_becomes_a_zombie() -> None:
    with subprocess.Popen(python("import time; time.sleep(1)")) as target:
        outcome = watch_for(target.pid, DEADLINE_S)
        assert outcome.because == "target exited"


def test_a_full_disk_is_said_and_the_command_not_disturbed() -> None:
    sleep = python("import time; time.sleep(2); print('done')")
    options = ("--record", "/dev/full", "--json", "-o", "/dev/full")
    status, out, err = run_diag("run", *options, "--", *sleep)
    assert (status, out) == (0, "done\n")
    assert "/dev/full is incomplete: No space left on device" in err
    assert "cannot write /dev/full: No space left on device" in err


def test_a_recording_that_reaches_a_file_size_limit(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        status, _, err = run_diag(
            "run", "--record", str(file), "--", *python("import time; time.sleep(1.5)")
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status == 0
    assert "is incomplete: File too large" in err
    assert file.stat().st_size == 2000


@pytest.mark.parametrize(
    ("script", "because"),
    [
        ("exec sleep 60", "took longer"),
        ("echo '[{]'", "could not be read"),
        ("head -c 100000 /dev/urandom", "could not be read"),
        ("echo oops >&2; exit 1", "py-spy: oops"),
    ],
    ids=["hangs", "rubbish", "noise", "fails"],
)
def test_a_py_spy_that_does_not_do_its_work(script: str, because: str, tmp_path: Path) -> None:
    fake = tmp_path / "py-spy"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    stacks = partial(add_stacks, pyspy=str(fake), deadline_s=0.5)
    with harness.running(PROGRAMS["lock_cycle_rlocks"], TARGET) as pid:
        outcome = watch_for(pid, 1.0, stacks=stacks)
    assert outcome.report is not None
    assert outcome.report.verdict is Verdict.HUNG, "the locks are read from memory"
    assert any(because in gap.because for gap in outcome.report.observed.gaps)


def test_many_looks_in_a_row_leave_nothing_behind() -> None:
    with harness.running(PROGRAMS["idle_thread_pool_sleep"], TARGET) as pid:
        look(pid, for_s=0)
        before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only
        for _ in range(MANY):
            look(pid, for_s=0)
            assert not states(pid) & {"T", "t"}
        assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
        zombies = [child for child in psutil.Process().children() if child.status() == "zombie"]
        assert not zombies
