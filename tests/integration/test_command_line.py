"""The command as a process: what pipes, full disks and interrupts do to it."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from diag.errors import ExitStatus


def start(*arguments: str, code: str | None = None) -> list[str]:
    return [sys.executable, *(["-c", code] if code else ["-m", "diag"]), *arguments]


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = (
        "import sys; from diag.cli import exits, output\n"
        "sys.exit(exits.guarded(lambda: [output.write_stdout('x' * 999) for _ in range(999)]))"
    )
    with subprocess.Popen(
        start(code=code), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_standard_output_that_is_full() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            start("cpus"), stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith("diag: error: cannot write to standard output: No space left")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["attach", "--help"]])
def test_nothing_heavy_is_loaded_to_say_what_diag_can_do(arguments: list[str]) -> None:
    code = (
        "import sys; from diag.cli.app import run; run(sys.argv[1:])\n"
        "heavy = {'rich', 'msgspec', 'psutil', 'elftools', 'diag.pipeline', 'subprocess'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        start(*arguments, code=code), stdout=subprocess.PIPE, text=True, timeout=30, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_interrupt_is_one_line() -> None:
    code = (
        "import sys, time; from diag.cli.exits import guarded\n"
        "def call(): print('ready', flush=True); time.sleep(60)\n"
        "sys.exit(guarded(call))"
    )
    with subprocess.Popen(
        start(code=code), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (130, "diag: interrupted\n")


def test_doctor_sees_a_python_process() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            done = subprocess.run(
                start("doctor", str(process.pid), "--json"),
                stdout=subprocess.PIPE,
                text=True,
                timeout=60,
                check=False,
            )
        finally:
            process.communicate(b"\n")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks[f"process {process.pid}"]["state"] == "ok"
    if checks["its memory"]["state"] == "ok":
        assert checks["its stacks"]["found"].startswith("Python v")
        assert done.returncode == 0


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("exec diag cpus >&-", 0),
        ("exec diag cpus 2>&-", 0),
        ("exec diag attach x 2>&-", 2),
        ("exec diag attach x 2>/dev/full", 2),
        ("exec diag attach 99999999 >&- 2>&-", 3),
    ],
)
def test_streams_that_are_closed_or_full_do_not_change_the_status(
    command: str, status: int
) -> None:
    script = command.replace("diag", shlex.join(start()), 1)
    done = subprocess.run(
        ["/bin/sh", "-c", script], stderr=subprocess.PIPE, text=True, timeout=30, check=False
    )
    assert done.returncode == status
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["attach", "dump"])
def test_a_zombie_is_said_to_have_ended(command: str) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        done = subprocess.run(
            [sys.executable, "-m", "diag", command, str(ended.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == ExitStatus.UNOBSERVABLE
    assert done.stderr.splitlines()[0].endswith("has ended, and its parent has not collected it")
