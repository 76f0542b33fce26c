"""Starts `diag` as a command, in a session of its own, and leaves nothing of it behind."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.integration import harness, pythons

REPOSITORY = Path(__file__).resolve().parents[2]
DEADLINE_S = 30.0


def environment() -> dict[str, str]:
    """Return the environment of a user who has diag, and nothing that changes how Python blocks."""
    return {**pythons.environment(), "PYTHONPATH": str(REPOSITORY)}


@contextmanager
def diag(
    *arguments: str, stdin: IO[bytes] | int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `diag` until the block ends; whatever of its session is left then is killed."""
    command = [sys.executable, "-m", "diag", *arguments]
    process = subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        cwd=REPOSITORY,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        for pid in harness.session(process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it ended by itself
        process.wait(DEADLINE_S)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def run_diag(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run `diag` to its end; return exit status, standard output and standard error."""
    with diag(*arguments, stdin=subprocess.PIPE) as process:
        out, err = process.communicate(stdin, timeout=DEADLINE_S)
    return process.returncode, out.decode(), err.decode()


def read_until(stream: IO[bytes] | None, text: bytes, *, deadline_s: float = DEADLINE_S) -> bytes:
    """Read a stream until a text has come; return all that came.

    Raises:
        AssertionError: it did not come, or the stream ended.

    """
    assert stream is not None
    came, until_s = b"", time.monotonic() + deadline_s
    while text not in came:
        left_s = until_s - time.monotonic()
        assert left_s > 0, f"{text!r} did not come, but {came!r}"
        if select.select([stream], [], [], left_s)[0]:
            piece = os.read(stream.fileno(), 65536)
            assert piece, f"the stream ended with {came!r}"
            came += piece
    return came


def wait_for(path: Path, *, deadline_s: float = DEADLINE_S) -> bytes:
    """Wait until a file has something in it; return that."""
    until_s = time.monotonic() + deadline_s
    while not (path.exists() and path.stat().st_size):
        assert time.monotonic() < until_s, f"{path} was not written"
        time.sleep(0.02)
    return path.read_bytes()


def python(code: str) -> Sequence[str]:
    """Return the command that runs a few lines with this Python."""
    return [sys.executable, "-u", "-c", code]
