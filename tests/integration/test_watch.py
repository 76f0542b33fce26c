"""`diag watch`, recordings of it, and `diag.watch()` in a program."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

import diag as public
from diag.cli.live import can_draw
from diag.cli.report import read_recording
from diag.errors import DiagError, ExitStatus, UsageError
from diag.model.codec import decode_report
from diag.model.report import Report, Verdict
from diag.pipeline import judge
from tests.integration import harness, pythons
from tests.integration.commands import (
    DEADLINE_S,
    REPOSITORY,
    diag,
    environment,
    python,
    read_until,
    run_diag,
    wait_for,
)

PROGRAMS = {p.name: p for kind in ("hung", "healthy") for p in harness.programs(kind)}
TARGET = pythons.one_per_minor()[-1]
# A pool that is made anew again and again, an exec, and at last a deadlock.
RESTLESS = """
import os, sys, threading, time
from multiprocessing import get_context
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    if sys.argv[1:] != ["again"]:
        print("READY", flush=True)
        time.sleep(1)
        os.execv(sys.executable, [sys.executable, __file__, "again"])
    for _ in range(3):
        with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
            list(pool.map(time.sleep, [0.3] * 4))
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
"""


def report_of(text: bytes | str) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(text)
    return parsed


def test_a_hang_is_said_at_once_and_the_target_left_alone() -> None:
    with (
        harness.running(PROGRAMS["lock_cycle_rlocks"], TARGET) as pid,
        diag("watch", str(pid), "--json") as watch,
    ):
        assert b"wait for each other" in read_until(watch.stderr, b"HUNG (proven)")
        os.kill(watch.pid, signal.SIGINT)
        out, _ = watch.communicate(timeout=DEADLINE_S)
        assert watch.returncode == ExitStatus.FINDINGS
        assert report_of(out)["verdict"] == "hung"
        assert all(seen.state != "T" for seen in harness.threads(pid).values())


def test_a_healthy_tree_is_watched_for_as_long_as_asked() -> None:
    with harness.running(PROGRAMS["idle_thread_pool_sleep"], TARGET) as pid:
        before_s = time.monotonic()
        status, out, err = run_diag("watch", str(pid), "--for", "3", "--json")
        assert 3.0 < time.monotonic() - before_s < 15.0
    assert (status, err) == (0, "")
    assert report_of(out)["verdict"] == "healthy"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_watch_with_a_report(name: str, tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    with (
        harness.running(PROGRAMS["time_sleep_scheduler"], TARGET) as pid,
        diag("watch", str(pid), "--json", "--record", str(file)) as watch,
    ):
        wait_for(file)
        os.kill(watch.pid, signal.Signals[name])
        out, err = watch.communicate(timeout=DEADLINE_S)
        assert watch.returncode == 0, err
        assert report_of(out)["verdict"] == "healthy"
    end = read_recording(file).end
    assert end is not None
    assert end.because == "interrupted"


def test_the_end_of_the_target_ends_the_watch() -> None:
    with (
        subprocess.Popen(python("import time; time.sleep(5)")) as target,
        diag("watch", str(target.pid), "--until-exit") as watch,
    ):
        out, err = watch.communicate(timeout=DEADLINE_S)
        assert watch.returncode == 0, err
        assert b"HEALTHY" in out


def test_exec_and_new_pools_are_followed_to_the_hang(tmp_path: Path) -> None:
    script = tmp_path / "restless.py"
    script.write_text(RESTLESS)
    command = [sys.executable, str(script)]
    target = subprocess.Popen(
        command, stdout=subprocess.PIPE, env=environment(), start_new_session=True
    )
    try:
        read_until(target.stdout, b"READY")
        with diag("watch", str(target.pid), "--on-hang", "kill", "--json") as watch:
            out, err = watch.communicate(timeout=DEADLINE_S)
            assert watch.returncode == ExitStatus.ENDED_HUNG_TREE, err
        assert report_of(out)["verdict"] == "hung"
        assert target.wait(DEADLINE_S) < 0
    finally:
        if target.poll() is None:
            os.killpg(target.pid, signal.SIGKILL)
            target.wait()
        assert target.stdout is not None
        target.stdout.close()


def test_a_recording_can_be_judged_while_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    with (
        harness.running(PROGRAMS["orphaned_lock_logging_fork"], TARGET) as pid,
        diag("watch", str(pid), "--record", str(file)) as watch,
    ):
        read_until(watch.stderr, b"HUNG")
        status, out, _ = run_diag("report", str(file), "--json")
        assert watch.poll() is None
    assert status == ExitStatus.FINDINGS
    assert "orphaned-lock" in out


def test_the_live_view_is_drawn_on_a_terminal() -> None:
    with harness.running(PROGRAMS["lock_cycle_rlocks"], TARGET) as pid:
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "diag", "watch", str(pid)]
        with subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(), cwd=REPOSITORY
        ) as watch:
            os.close(theirs)
            with os.fdopen(ours, "rb", buffering=0) as terminal:
                read_until(terminal, b"ERROR (proven)")
                read_until(terminal, b"for ever")
                os.kill(watch.pid, signal.SIGTERM)
                read_until(terminal, b"1 of 1 process read")
                assert watch.wait(DEADLINE_S) == ExitStatus.FINDINGS


def test_a_terminal_that_goes_away_costs_neither_the_watch_nor_the_files(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    with harness.running(PROGRAMS["lock_cycle_rlocks"], TARGET) as pid:
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "diag", "watch", str(pid), "--report", f"json={file}"]
        with subprocess.Popen(
            command, stdout=theirs, stderr=subprocess.PIPE, env=environment(), cwd=REPOSITORY
        ) as watch:
            os.close(theirs)
            with os.fdopen(ours, "rb", buffering=0) as terminal:
                read_until(terminal, b"ERROR (proven)")
            time.sleep(1.5)  # longer than from one picture to the next
            assert watch.poll() is None
            os.kill(watch.pid, signal.SIGTERM)
            _, err = watch.communicate(timeout=DEADLINE_S)
    assert (watch.returncode, err) == (
        ExitStatus.USAGE,
        b"diag: error: cannot write to standard output: Input/output error\n",
    )
    assert decode_report(file.read_bytes()).verdict is Verdict.HUNG


@pytest.mark.parametrize(("term", "drawn"), [("dumb", False), ("xterm", True)])
def test_a_terminal_that_cannot_be_drawn_on_gets_lines(
    term: str, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert can_draw() is drawn


def test_a_process_that_is_not_there() -> None:
    status, _, err = run_diag("watch", "4194999")
    assert status == ExitStatus.UNOBSERVABLE
    assert "there is no process 4194999" in err


STALLING = [p for p in harness.programs("slow", "slow_healthy") if p.stall_s is not None]


@pytest.mark.parametrize("program", STALLING, ids=lambda program: program.name)
def test_a_lack_of_progress_is_told_from_having_nothing_to_do(program: harness.Program) -> None:
    with harness.running(program, TARGET) as pid:
        options = ("--stall", str(program.stall_s), "--for", "5", "--json")
        _, out, _ = run_diag("watch", str(pid), *options)
    report = decode_report(out.encode())
    assert report.verdict.value == program.verdict
    assert [f.rule for f in report.findings] == [e.rules[0] for e in program.findings]
    for finding, expected in zip(report.findings, program.findings, strict=True):
        assert finding.confidence in expected.confidences
        assert finding.primary.function in expected.functions


def test_a_tree_that_is_too_large_for_the_budget_is_looked_at_less_often() -> None:
    with harness.running(PROGRAMS["many_threads"], TARGET) as pid:
        options = ("--max-overhead", "0.02", "--interval", "0.1", "--for", "2")
        _, _, err = run_diag("watch", str(pid), *options)
    assert "the tree is large: it is looked at every" in err


class TestInAProgram:
    def test_a_healthy_block(self) -> None:
        with public.watch(quiet=True) as watch:
            time.sleep(1.0)
            assert watch.report.target.id.pid == os.getpid()
        assert watch.report.verdict is Verdict.HEALTHY

    def test_a_deadlock_of_the_program_itself(self) -> None:
        program = (
            "import diag, threading, time\n"
            "locks = threading.RLock(), threading.RLock()\n"
            "def take(a, b):\n"
            "    with a:\n"
            "        time.sleep(0.2)\n"
            "        with b: pass\n"
            "with diag.watch() as watch:\n"
            "    for pair in (locks, locks[::-1]):\n"
            "        threading.Thread(target=take, args=pair, daemon=True).start()\n"
            "    time.sleep(3)\n"
            "print(watch.report.verdict, *(f.rule for f in watch.report.findings))\n"
        )
        done = subprocess.run(
            python(program),
            capture_output=True,
            text=True,
            env=environment(),
            timeout=60,
            check=True,
        )
        assert done.stdout == "hung lock-cycle\n"
        assert "HUNG (proven)" in done.stderr

    def test_another_tree(self, tmp_path: Path) -> None:
        file = tmp_path / "kept.jsonl"
        with (
            harness.running(PROGRAMS["lock_cycle_rlocks"], TARGET) as pid,
            public.watch(pid, record=file, quiet=True) as watch,
        ):
            until_s = time.monotonic() + DEADLINE_S
            while watch.report.verdict is not Verdict.HUNG:
                assert time.monotonic() < until_s
                time.sleep(0.1)
        assert watch.report.verdict is Verdict.HUNG
        assert judge(read_recording(file)).verdict is Verdict.HUNG

    def test_one_look_and_a_diagnosis(self) -> None:
        with harness.running(PROGRAMS["lock_cycle_rlocks"], TARGET) as pid:
            assert public.snapshot(pid).root.pid == pid
            report: Report = public.diagnose(pid)
            assert report.verdict is Verdict.HUNG

    def test_the_policy_of_a_project_counts(self, tmp_path: Path) -> None:
        ignore = "[[tool.diag.ignore]]\nrule = 'lock-cycle'\nreason = 'TICKET-7'\n"
        (tmp_path / "pyproject.toml").write_text(ignore)
        with harness.running(PROGRAMS["lock_cycle_rlocks"], TARGET) as pid:
            found = public.diagnose(pid)
            known = public.diagnose(pid, project=tmp_path)
            with public.watch(pid, quiet=True, project=tmp_path) as watch:
                until_s = time.monotonic() + DEADLINE_S
                while not watch.report.ignored:
                    assert time.monotonic() < until_s
                    time.sleep(0.1)
        assert (found.verdict, public.fails(found)) == (Verdict.HUNG, True)
        assert not public.fails(found, fail_on="never")
        for report in (known, watch.report):
            assert (report.verdict, public.fails(report)) == (Verdict.HEALTHY, False)
            assert [each.because for each in report.ignored] == ["TICKET-7"]

    def test_settings_that_cannot_be_meant_are_said_before_anything_is_looked_at(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "pyproject.toml").write_text("[tool.diag]\nfail-at = 1\n")
        with pytest.raises(UsageError):
            public.diagnose(4194999, project=tmp_path)

    def test_a_process_that_is_not_there(self) -> None:
        with pytest.raises(DiagError), public.watch(4194999):
            pytest.fail("it was watched")

    def test_nothing_of_a_watch_stays(self) -> None:
        before = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(2):
            with public.watch(quiet=True):
                pass
        assert (threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))) == before

    def test_allowing_to_attach_is_harmless_without_yama(self) -> None:
        public.allow_attach()
        public.allow_attach(os.getppid())


def test_metrics_are_written_and_served(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client")
    file = tmp_path / "diag.prom"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        harness.running(PROGRAMS["lock_cycle_rlocks"], TARGET) as pid,
        diag("watch", str(pid), "--metrics", str(file), "--listen", str(port)) as watch,
    ):
        read_until(watch.stderr, b"HUNG")
        until_s = time.monotonic() + DEADLINE_S
        while b'diag_verdict{verdict="hung"} 1.0' not in wait_for(file):
            assert time.monotonic() < until_s
            time.sleep(0.1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert b'diag_findings{rule="lock-cycle",severity="error"} 1.0' in answer.read()
        os.kill(watch.pid, signal.SIGTERM)
        assert watch.wait(DEADLINE_S) == ExitStatus.FINDINGS


def test_an_address_that_is_in_use() -> None:
    pytest.importorskip("prometheus_client")
    with socket.socket() as used, harness.running(PROGRAMS["forking"], TARGET) as pid:
        used.bind(("127.0.0.1", 0))
        used.listen()
        address = f"127.0.0.1:{used.getsockname()[1]}"
        status, _, err = run_diag("watch", str(pid), "--listen", address)
    assert status == ExitStatus.USAGE
    assert f"cannot listen on {address}: Address already in use" in err
