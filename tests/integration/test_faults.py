"""Faults in the middle of a watch: what is lost is said, and nobody is harmed."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import msgspec
import psutil
import pytest

from diag.cli.report import read_recording
from diag.collect.tree import read_stat
from diag.errors import TargetGoneError
from diag.model.codec import decode_report
from diag.model.ids import ProcessId
from diag.model.recording import Recording
from diag.model.report import Verdict
from diag.pipeline import judge
from diag.watching.look import first_look, make_header, second_look
from diag.watching.target import end
from tests.integration import harness, pythons
from tests.integration.commands import (
    DEADLINE_S,
    REPOSITORY,
    diag,
    environment,
    python,
    read_until,
    wait_for,
)

PROGRAMS = {p.name: p for p in harness.programs(*harness.FOLDERS)}
TARGET = pythons.one_per_minor()[-1]
SELF_DEADLOCK = "import threading; l = threading.Lock(); l.acquire(); print('READY'); l.acquire()"
needs_gcore = pytest.mark.skipif(shutil.which("gcore") is None, reason="needs gcore (gdb)")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")


@contextmanager
def family() -> Iterator[tuple[int, list[int]]]:
    """Run a parent that waits for four sleeping children; give their pids."""
    code = (
        "import os, time\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0: time.sleep(600)\n"
        "print('READY', flush=True)\n"
        "time.sleep(600)"
    )
    process = subprocess.Popen(python(code), stdout=subprocess.PIPE, start_new_session=True)
    try:
        read_until(process.stdout, b"READY")
        yield process.pid, [child.pid for child in psutil.Process(process.pid).children()]
    finally:
        for pid in harness.session(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=DEADLINE_S)


class TestCore:
    @contextmanager
    def hung(self, folder: Path, *, path: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
        """Watch a hung program with `--core`; give its pid."""
        with (
            harness.running(PROGRAMS["lock_cycle_rlocks"], TARGET) as pid,
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(pythons, "environment", lambda: {**os.environ, "PATH": path})
            with diag("watch", str(pid), "--core", str(folder)) as watch:
                yield pid, watch

    @needs_gcore
    def test_a_core_of_the_guilty_process_is_kept_and_it_goes_on(self, tmp_path: Path) -> None:
        with self.hung(tmp_path, path=os.environ["PATH"]) as (pid, watch):
            read_until(watch.stderr, f"core kept: {tmp_path}/core.{pid}".encode())
            assert (tmp_path / f"core.{pid}").read_bytes()[:4] == b"\x7fELF"
            assert {seen.state for seen in harness.threads(pid).values()} <= {"S", "R"}
            assert psutil.Process(pid).status() != psutil.STATUS_TRACING_STOP

    def test_without_gcore_it_says_so_and_goes_on(self, tmp_path: Path) -> None:
        with self.hung(tmp_path, path=str(tmp_path)) as (_, watch):
            read_until(watch.stderr, b"cannot start gcore: No such file or directory")
            assert watch.poll() is None

    def test_a_gcore_that_fails_is_said(self, tmp_path: Path) -> None:
        fake = tmp_path / "gcore"
        fake.write_text("#!/bin/sh\necho 'ptrace: Operation not permitted.' >&2\nexit 1\n")
        fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
        with self.hung(tmp_path, path=f"{tmp_path}:/bin:/usr/bin") as (pid, watch):
            text = read_until(watch.stderr, b"gcore ended with status 1")
            assert b"Operation not permitted" in text
            assert b"no core of %d" % pid in text


@needs_root
def test_rights_that_are_lost_midway_are_said_and_nobody_is_called_healthy(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    become_somebody_else = (
        "import os, threading, time\n"
        "time.sleep(2.5)\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "threading.Event().wait(3.0)\n"
        "raise SystemExit(5)"
    )
    without_cap_sys_ptrace = (  # 24 is PR_CAPBSET_DROP; what it takes away exec does not give back
        "import ctypes, os, sys\n"
        "assert ctypes.CDLL(None).prctl(24, 19, 0, 0, 0) == 0\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'diag', *sys.argv[1:]])"
    )
    command = [sys.executable, "-c", without_cap_sys_ptrace, "run", "--json", "-o", str(file), "--"]
    done = subprocess.run(
        [*command, *python(become_somebody_else)],
        cwd=REPOSITORY,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 5
    assert "the last look was not possible" in done.stderr
    report = decode_report(file.read_bytes())
    assert report.verdict is Verdict.UNKNOWN
    assert any("may not be read" in gap.because for gap in report.observed.gaps)


@pytest.mark.parametrize("name", ["traced", "traced_process"])
def test_a_traced_target_stays_traced_by_whom_it_was(name: str) -> None:
    program = PROGRAMS[name]

    def tracers(root: int) -> dict[int, str]:
        return {
            pid: line
            for pid in harness.session(root)
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith("TracerPid")
        }

    with harness.running(program, TARGET) as pid:
        before = tracers(pid)
        assert any(not line.endswith("\t0") for line in before.values())
        with diag("watch", str(pid), "--for", "3", "--json") as watch:
            out, _ = watch.communicate(timeout=DEADLINE_S)
        assert tracers(pid) == before
    report = decode_report(out)
    assert report.verdict.value == program.verdict
    assert {f.rule for f in report.findings} == {e.rules[0] for e in program.findings}


def test_processes_that_vanish_in_the_middle_of_a_look_prove_nothing() -> None:
    with family() as (root, children):
        doomed = iter(children)

        def kill_one(text: str) -> None:
            if not text.startswith("reading the process tree"):
                os.kill(next(doomed), signal.SIGKILL)

        first = first_look(root, wants_stacks=lambda _: True, progress=kill_one)
        assert len(first.processes) == 5
        os.kill(next(doomed), signal.SIGKILL)
        second = second_look(first)
        recording = Recording(header=make_header(), snapshots=(first, second))
        report = judge(recording)
    assert next(doomed, None) is not None, "each step of the look had its victim, and one is left"
    assert report.verdict is not Verdict.HUNG, report.headline


def test_a_root_that_vanishes_in_the_middle_of_a_look_is_gone() -> None:
    with family() as (root, _):
        first = first_look(root, wants_stacks=lambda _: False)
        os.kill(root, signal.SIGKILL)
        os.waitpid(root, 0)
        with pytest.raises(TargetGoneError):
            second_look(first)


def test_kill_9_of_diag_loses_the_last_sample_at_most(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    with (
        harness.running(PROGRAMS["time_sleep_scheduler"], TARGET) as pid,
        diag("watch", str(pid), "--record", str(file)) as watch,
    ):
        wait_for(file)
        time.sleep(3.3)  # the moment does not matter: a sample is taken twice a second
        watch.kill()
        killed_at_unix_s = time.time()
        watch.wait(DEADLINE_S)
    samples = read_recording(file).samples
    times = [sample.taken_at_unix_s for sample in samples]
    gaps_s = [later - earlier for earlier, later in pairwise(times)]
    assert len(samples) >= 4
    assert killed_at_unix_s - times[-1] < 2 * max(gaps_s) + 0.5


def test_a_pid_that_belongs_to_another_process_by_now_is_neither_judged_nor_ended() -> None:
    with family() as (root, children):
        earlier = ProcessId(pid=children[0], start_ticks=read_stat(children[0]).start_ticks - 1)
        assert end([earlier], grace_s=0.2) == ()
        assert psutil.Process(children[0]).status() != psutil.STATUS_ZOMBIE
        first = first_look(root, wants_stacks=lambda _: False)
        other = ProcessId(pid=root, start_ticks=first.root.start_ticks - 1)
        with pytest.raises(TargetGoneError, match="its pid was given to another"):
            second_look(msgspec.structs.replace(first, root=other))
