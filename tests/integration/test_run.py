"""`diag run`: as if it were not there, until there is something to say."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from diag.errors import ExitStatus
from diag.model.codec import decode_report
from diag.model.report import Verdict
from diag.watching import strays
from diag.watching.target import start
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

PROGRAMS = {
    program.name: program for kind in ("hung", "healthy") for program in harness.programs(kind)
}
HUNG = (
    "lock_cycle_plain_locks",
    "orphaned_lock_logging_fork",
    "nobody_can_act_asyncio_blocked",
    "pipe_child_cycle_popen_wait",
    "self_deadlock_signal_handler",
)
HEALTHY = ("idle_process_pool_spawn", "stopped_in_turn")
SELF_DEADLOCK = "import threading; l = threading.Lock(); l.acquire(); print('READY'); l.acquire()"


def command_of(name: str) -> list[str]:
    return pythons.one_per_minor()[-1].argv(PROGRAMS[name].path)


@pytest.mark.parametrize("status", [0, 1, 3, 255])
def test_the_exit_status_is_the_commands_own(status: int) -> None:
    assert run_diag("run", "--", *python(f"import sys; sys.exit({status})")) == (status, "", "")


def test_places_that_cannot_be_written_do_not_change_the_commands_status(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "no" / "folder")
    os.mkfifo(tmp_path / "fifo")
    good = tmp_path / "good.json"
    done = run_diag(
        *("run", "--record", nowhere, "--write-baseline", nowhere, "-o", str(tmp_path)),
        *("--report", f"html={nowhere}", "--report", f"markdown={tmp_path / 'fifo'}"),
        *("--report", f"json={good}", "--", *python("print('done'); raise SystemExit(7)")),
    )
    assert (done[0], done[1]) == (7, "done\n")
    for place in (nowhere, tmp_path, tmp_path / "fifo"):
        assert f"cannot write {place}" in done[2]
    assert decode_report(good.read_bytes()).target.name


def test_an_error_in_diag_is_said_and_the_commands_status_passed_on() -> None:
    breaks = (
        "import sys, diag.cli.run; sys.modules['diag.cli.run'].watch_target = None;"
        " from diag.cli.app import run;"
        " raise SystemExit(run(sys.argv[1:]))"
    )
    command = python("print('done'); raise SystemExit(5)")
    done = subprocess.run(
        [sys.executable, "-c", breaks, "run", "--leave-stderr", "--", *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, "internal error" in done.stderr) == (5, "done\n", True)


def test_a_command_that_a_signal_ended_gives_128_and_its_number() -> None:
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert run_diag("run", "--", *python(kill))[0] == 128 + signal.SIGKILL


def test_a_command_that_does_not_exist_gives_127() -> None:
    status, _, err = run_diag("run", "--", "no-such-program-anywhere")
    assert status == 127
    assert "diag: error: cannot start no-such-program-anywhere" in err


def test_a_command_that_cannot_be_executed_gives_126(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    assert run_diag("run", "--", str(tmp_path / "plain"))[0] == 126
    (tmp_path / "plain").chmod(0o755)
    status, _, err = run_diag("run", "--", str(tmp_path / "plain"))
    assert (status, "Exec format error" in err) == (126, True)


def test_the_streams_are_the_commands_own() -> None:
    copy = "import sys; sys.stderr.write('e'); sys.stdout.write(sys.stdin.read())"
    assert run_diag("run", "--", *python(copy), stdin=b"a\x00b") == (0, "a\x00b", "e")


def test_a_terminal_stays_one() -> None:
    ours, theirs = pty.openpty()
    ask = "import os, sys; sys.exit(40 + sum(os.isatty(n) for n in range(3)))"
    command = [sys.executable, "-m", "diag", "run", "--", *python(ask)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        assert process.wait(DEADLINE_S) == 43
    os.close(ours)


def test_signal_mask_and_dispositions_are_those_without_diag() -> None:
    # glibc's posix_spawn ignores 32 and 33, which it keeps for itself.
    show = (
        "for line in open('/proc/self/status'):\n"
        "    if line.startswith(('SigBlk', 'SigIgn')):\n"
        "        print(hex(int(line.split()[1], 16) & ~(3 << 31)))"
    )
    alone = subprocess.run(python(show), capture_output=True, text=True, check=True)
    assert run_diag("run", "--", *python(show))[1] == alone.stdout


@pytest.mark.parametrize(
    ("name", "send"),
    [
        *((name, os.kill) for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGWINCH")),
        *((name, os.killpg) for name in ("SIGTERM", "SIGUSR1")),
    ],
)
def test_a_signal_reaches_the_command_once(name: str, send: Callable[[int, int], None]) -> None:
    handle = (
        "import signal, sys, time; seen = []\n"
        f"signal.signal(signal.{name}, lambda *_: seen.append(1))\n"
        "print('READY')\n"
        "while not seen: time.sleep(0.01)\n"
        "time.sleep(0.5); sys.exit(40 + len(seen))"
    )
    with diag("run", "--", *python(handle)) as process:
        read_until(process.stdout, b"READY")
        send(process.pid, signal.Signals[name])
        assert process.wait(DEADLINE_S) == 41


def test_signals_to_the_group_and_to_diag_alone_are_told_apart_one_after_the_other() -> None:
    count = (
        "import signal, sys, time; seen = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: (seen.append(1), print(len(seen))))\n"
        "print(0)\n"
        "while len(seen) < 6: time.sleep(0.01)\n"
        "time.sleep(0.3); sys.exit(40 + len(seen))"
    )
    with diag("run", "--", *python(count)) as process:
        for number in range(6):
            read_until(process.stdout, b"%d\n" % number)
            (os.killpg if number % 2 else os.kill)(process.pid, signal.SIGTERM)
            time.sleep(0.05)
        assert process.wait(DEADLINE_S) == 46
        assert not harness.session(process.pid), "who stood aside has gone with diag"


def test_without_its_witness_diag_passes_signals_on() -> None:
    wait = "import time; print('READY'); time.sleep(60)"
    with diag("run", "--", *python(wait)) as process:
        read_until(process.stdout, b"READY")
        (witness,) = (
            pid
            for pid in harness.session(process.pid)
            if Path(f"/proc/{pid}/comm").read_text() == "diag-witness\n"
        )
        os.kill(witness, signal.SIGKILL)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 128 + signal.SIGTERM


def test_after_ctrl_z_and_fg_signals_still_reach_the_command() -> None:
    handle = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(41))\n"
        "print('READY')\n"
        "while True: time.sleep(0.1)"
    )
    with diag("run", "--", *python(handle)) as process:
        read_until(process.stdout, b"READY")
        for _ in range(3):
            os.killpg(process.pid, signal.SIGSTOP)
            time.sleep(0.4)
            os.killpg(process.pid, signal.SIGCONT)
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGTERM)
        _, err = process.communicate(timeout=DEADLINE_S)
        assert (process.returncode, err) == (41, b"")


def test_ctrl_c_on_a_terminal_reaches_the_command_once() -> None:
    count = (
        "import signal, sys, time; seen = []\n"
        "signal.signal(signal.SIGINT, lambda *_: seen.append(1))\n"
        "print('READY')\n"
        "while not seen: time.sleep(0.01)\n"
        "time.sleep(0.5); print('SEEN', len(seen))"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "diag", "run", "--", *python(count)])
    with os.fdopen(terminal, "r+b", buffering=0) as stream:
        read_until(stream, b"READY")
        stream.write(b"\x03")
        assert b"SEEN 1" in read_until(stream, b"SEEN 1")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.parametrize("name", HUNG)
def test_a_hang_is_found_without_a_time_out_and_ended_when_asked(name: str, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    options = ("--on-hang", "kill", "--json", "-o", str(file))
    with diag("run", *options, "--", *command_of(name)) as process:
        read_until(process.stdout, b"READY")
        assert process.wait(DEADLINE_S) == ExitStatus.ENDED_HUNG_TREE
        assert not harness.session(process.pid), "the whole tree was ended"
    report = decode_report(file.read_bytes())
    assert report.verdict is Verdict.HUNG
    expected = {rule for finding in PROGRAMS[name].findings for rule in finding.rules}
    assert {finding.rule for finding in report.findings} & expected


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_command_is_ended_by_its_time_out_only(name: str, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    options = ("--timeout", "4", "--on-hang", "kill", "--json", "-o", str(file))
    with diag("run", *options, "--", *command_of(name)) as process:
        _, err = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == ExitStatus.ENDED_HUNG_TREE
        assert not harness.session(process.pid)
    assert b"time out" in err
    assert not decode_report(file.read_bytes()).findings


def test_by_default_a_hang_is_reported_at_once_and_the_command_left_alone() -> None:
    with diag("run", "--", *python(SELF_DEADLOCK)) as process:
        read_until(process.stdout, b"READY")
        read_until(process.stderr, b"HUNG (proven)")
        assert process.poll() is None
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 128 + signal.SIGTERM


def test_a_command_on_a_hang_gets_the_report(tmp_path: Path) -> None:
    file = tmp_path / "seen.json"
    keep = f"sh -c 'echo $DIAG_PID; cat > {file}.tmp; mv {file}.tmp {file}'"
    with diag("run", "--on-hang", f"exec {keep}", "--", *python(SELF_DEADLOCK)) as process:
        seen = json.loads(wait_for(file))
        assert seen["verdict"] == "hung"
        assert process.poll() is None, "the command is not ended by that"
        assert b"%d\n" % seen["target"]["id"]["pid"] in read_until(process.stderr, b"\n")


def test_a_process_that_left_group_session_and_parent_is_watched_and_named() -> None:
    escape = (
        "import os, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        null = os.open('/dev/null', os.O_RDWR)\n"
        "        for n in range(3): os.dup2(null, n)\n"
        "        os.execvp('sleep', ['sleep', '60'])\n"
        "    os._exit(0)\n"
        "os.wait(); time.sleep(0.3)"
    )
    status, _, err = run_diag("run", "--", *python(escape))
    assert status == 0
    assert "still run" in err
    left = int(err.split("still run: ")[1].split()[0])
    assert "(sleep)" in err
    os.kill(left, signal.SIGKILL)


def test_a_hang_in_a_process_that_left_is_found(tmp_path: Path) -> None:
    wait_for_lost_child = (
        "import os, signal, threading\n"
        "r, w = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    if os.fork() == 0:\n"
        "        signal.alarm(60)  # where diag fails nobody else ends it\n"
        "        os.setsid(); l = threading.Lock(); l.acquire(); l.acquire()\n"
        "    os._exit(0)\n"
        "os.close(w); os.wait(); os.read(r, 1)"
    )
    file = tmp_path / "report.json"
    options = ("--on-hang", "kill", "--json", "-o", str(file))
    status, _, _ = run_diag("run", *options, "--", *python(wait_for_lost_child))
    assert status == ExitStatus.ENDED_HUNG_TREE
    report = decode_report(file.read_bytes())
    assert len(report.processes) == 2
    assert report.findings[0].confidence == "proven"


def test_where_the_kernel_adopts_nothing_a_mark_finds_who_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(strays, "become_subreaper", lambda: False)
    file = tmp_path / "pid"
    escape = (
        "import os, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        f"        with open('{file}', 'w') as f: f.write(str(os.getpid()))\n"
        "        time.sleep(60)\n"
        "    os._exit(0)\n"
        "os.wait()"
    )
    with closing(start(python(escape), leave_stderr=True)) as target:
        assert target.exit_status() == 0
        left = int(wait_for(file))
        try:
            assert [leftover.pid for leftover in target.leftovers()] == [left]
        finally:
            os.kill(left, signal.SIGKILL)


def test_the_environment_is_the_commands_own() -> None:
    show = "import os; print(sorted(os.environ.items()))"
    alone = subprocess.run(
        python(show), capture_output=True, text=True, env=environment(), cwd=REPOSITORY, check=True
    )
    assert run_diag("run", "--", *python(show))[1] == alone.stdout


def test_a_report_that_was_asked_for_is_written_though_nothing_was_found(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    sleep = python("import time; time.sleep(2.5)")
    assert run_diag("run", "--json", "-o", str(file), "--", *sleep)[0] == 0
    assert decode_report(file.read_bytes()).verdict is Verdict.HEALTHY


def test_files_that_were_asked_for_are_written_without_a_word_if_nothing_was_found(
    tmp_path: Path,
) -> None:
    file = tmp_path / "report.json"
    assert run_diag("run", "--report", f"json={file}", "--", "true") == (0, "", "")
    assert decode_report(file.read_bytes()).verdict is Verdict.UNKNOWN


def test_a_command_that_is_over_at_once_gets_its_report_too(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    assert run_diag("run", "--json", "-o", str(file), "--", "true")[0] == 0
    assert decode_report(file.read_bytes()).verdict is Verdict.UNKNOWN


def test_it_ends_soon_after_the_command() -> None:
    before_s = time.monotonic()
    assert run_diag("run", "--", *python("import time; time.sleep(1)"))[0] == 0
    assert time.monotonic() - before_s < 4.0


def test_an_unknown_action_is_wrong_usage() -> None:
    status, _, err = run_diag("run", "--on-hang", "explode", "--", "true")
    assert status == ExitStatus.USAGE
    assert "is not report, kill or exec CMD" in err
