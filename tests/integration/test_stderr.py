"""`diag run` sees known errors on standard error, and the command does not notice."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from diag.cli.report import read_recording
from diag.model.codec import decode_report
from diag.model.errorline import ErrorKind
from tests.integration import harness
from tests.integration.commands import (
    DEADLINE_S,
    REPOSITORY,
    diag,
    environment,
    python,
    read_until,
    run_diag,
)

# A worker is killed in the middle of its task.
BROKEN = """
import os, signal, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
def work(_):
    time.sleep(1.5)
    os.kill(os.getpid(), signal.SIGKILL)
with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
    try:
        pool.submit(work, 0).result()
    except Exception as error:
        os.write(2, f"BrokenProcessPool: {error}, password=hunter2\\n".encode())
time.sleep(1)
"""
COMPLAIN = "import os, time; os.write(2, b'x MemoryError\\n'); time.sleep(1.2)"
COUNT = (
    "import os, time\n"
    "os.write(2, b'READY\\n')\n"
    "for n in range(15): time.sleep(0.1); os.write(2, b'%d\\n' % n)\n"
)


@contextmanager
def in_shell(line: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a shell's line in which `$DIAG` is the command; kill its session after."""
    process = subprocess.Popen(
        ["/bin/bash", "-c", line],
        env={**environment(), "DIAG": f"{sys.executable} -m diag"},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        for pid in harness.session(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=DEADLINE_S)


@pytest.mark.parametrize("to", ["pipe", "file"])
def test_a_broken_pool_is_tied_to_the_worker_that_ended(to: str, tmp_path: Path) -> None:
    file, record = tmp_path / "report.json", tmp_path / "r.jsonl"
    errors = tmp_path / "errors" if to == "file" else None
    options = f"--json -o {file} --record {record}"
    redirect = f"2>{errors}" if errors else ""
    with in_shell(f"$DIAG run {options} -- {sys.executable} -c '{BROKEN}' {redirect}") as shell:
        _, err = shell.communicate(timeout=DEADLINE_S)
    text = errors.read_bytes() if errors else err
    assert b"BrokenProcessPool: " in text
    assert b"password=hunter2" in text, "the command's own words are not touched"
    (note,) = decode_report(file.read_bytes()).errors
    assert note.kind is ErrorKind.BROKEN_POOL
    assert "hunter2" not in record.read_text() + file.read_text()
    assert any("had ended; it was last seen" in fact for fact in note.measured), note
    assert [line.kind for line in read_recording(record).error_lines] == [ErrorKind.BROKEN_POOL]


def test_what_was_measured_is_said_without_being_asked() -> None:
    status, _, err = run_diag("run", "--", *python(COMPLAIN))
    assert status == 0
    said, told = err.splitlines()
    assert said == "x MemoryError"
    assert told.startswith('diag: when standard error said "x MemoryError" after ')
    assert "MiB, the most" in told


def test_it_can_be_left_alone() -> None:
    status, _, err = run_diag("run", "--leave-stderr", "--", *python(COMPLAIN))
    assert (status, err) == (0, "x MemoryError\n")


def test_a_terminal_and_what_is_no_pipe_are_left_alone() -> None:
    ours, theirs = pty.openpty()
    ask = "import os, sys; sys.exit(40 + os.isatty(2) + 2 * os.path.sameopenfile(1, 2))"
    command = [sys.executable, "-m", "diag", "run", "--", *python(ask)]
    for stream, expected in ((theirs, 43), (os.open(os.devnull, os.O_WRONLY), 42)):
        done = subprocess.run(
            command,
            stdout=stream,
            stderr=stream,
            env=environment(),
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == expected
        os.close(stream)
    os.close(ours)


def test_where_both_streams_are_one_they_stay_so() -> None:
    write = "import os; [os.write(1 + n % 2, b'%d ' % n) for n in range(5000)]"
    with in_shell(f'$DIAG run -- {sys.executable} -c "{write}" 2>&1') as shell:
        out, _ = shell.communicate(timeout=DEADLINE_S)
    assert [int(word) for word in out.split()] == list(range(5000))


def test_a_large_output_comes_whole_before_diag_ends() -> None:
    status, _, err = run_diag("run", "--", "head", "-c", "3000000", "/dev/zero")
    assert (status, err) == (0, "")
    with in_shell("$DIAG run -- sh -c 'head -c 3000000 /dev/zero >&2'") as shell:
        time.sleep(0.5)  # nobody reads at first
        _, text = shell.communicate(timeout=DEADLINE_S)
    assert text == bytes(3000000)


def test_diag_is_killed_and_the_command_still_writes() -> None:
    with diag("run", "--", *python(COUNT)) as process:
        read_until(process.stderr, b"READY")
        process.kill()
        process.wait(DEADLINE_S)
        read_until(process.stderr, b"\n14\n")


def test_signals_to_the_whole_group_do_not_cost_the_last_words() -> None:
    last = (
        "import os, signal, sys, time\n"
        "def end(*_): time.sleep(0.2); os.write(2, b'last words\\n'); os._exit(7)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('READY'); time.sleep(60)"
    )
    with diag("run", "--", *python(last)) as process:
        read_until(process.stdout, b"READY")
        os.killpg(process.pid, signal.SIGTERM)
        _, err = process.communicate(timeout=DEADLINE_S)
        assert (process.returncode, err) == (7, b"last words\n")


def test_who_writes_to_nobody_learns_of_it(tmp_path: Path) -> None:
    file = tmp_path / "status"
    with in_shell(
        f"$DIAG run -- sh -c 'yes >&2; echo $? > {file}.tmp; mv {file}.tmp {file}'"
        " 2>&1 >/dev/null | head -n 1"
    ) as shell:
        shell.communicate(timeout=DEADLINE_S)
    assert file.read_text() == f"{128 + signal.SIGPIPE}\n"


def test_a_process_that_outlives_the_command_may_go_on_writing() -> None:
    with in_shell("$DIAG run -- sh -c 'sh -c \"sleep 1.5; echo late >&2\" &'") as shell:
        assert shell.wait(DEADLINE_S) == 0
        text = read_until(shell.stderr, b"late\n")
    assert b"still run" in text
