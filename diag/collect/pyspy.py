"""py-spy at work beside diag: several calls at a time, each with a deadline, and no threads.

A thread for each call would ask for the GIL again and again while diag reads memory, and hold
the reading up. So output goes to memory, and whoever reads looks after the calls now and then.
"""

import os
import shutil
import subprocess
import sysconfig
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

POLL_S = 0.001
KILLED_WITHIN_S = 1.0
_TRIES = 6  # without a pause, frames of a process that computes change while they are read


class StacksUnavailableError(Exception):
    """py-spy gave no usable answer for a process; the text says why."""


def find_pyspy() -> str | None:
    """Return the path of py-spy: beside this interpreter, else on PATH, else None."""
    beside = Path(sysconfig.get_path("scripts")) / "py-spy"
    return str(beside) if beside.is_file() else shutil.which("py-spy")


class Calls:
    """Calls of py-spy, one for each process that is asked about.

    A context manager: what still runs at its end is killed.

    Args:
        program: path of py-spy.
        deadline_s: for one process, all tries together.
        parallel: number of calls at a time.

    """

    def __init__(self, program: str, *, deadline_s: float, parallel: int) -> None:
        self._program, self._deadline_s, self._parallel = program, deadline_s, parallel
        self._waiting: deque[_Call] = deque()
        self._running: list[_Call] = []
        self._calls: dict[int, _Call] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for call in self._running:
            call.kill()

    def ask(self, pid: int) -> None:
        """Ask about a process, as soon as there is room."""
        command = [self._program, "dump", "--json", "--nonblocking", "--locals", "--pid", str(pid)]
        self._calls[pid] = _Call(command, self._deadline_s)
        self._waiting.append(self._calls[pid])
        self.go_on()

    def go_on(self) -> None:
        """Take note of calls that have ended, and start others; does not wait."""
        self._running = [call for call in self._running if not call.has_ended()]
        while self._waiting and len(self._running) < self._parallel:
            call = self._waiting.popleft()
            if call.start():
                self._running.append(call)

    def answer(self, pid: int) -> bytes | None:
        """Wait for what py-spy printed about a process; None if it was not asked.

        Raises:
            StacksUnavailableError: it failed, took too long, or could not be started.

        """
        call = self._calls.get(pid)
        if call is None:
            return None
        self.go_on()
        while call.output is None and call.failure is None:
            time.sleep(POLL_S)
            self.go_on()
        if call.output is None:
            raise StacksUnavailableError(call.failure)
        return call.output


class _Call:
    """One question, asked again if py-spy fails.

    Attributes:
        output: what it printed at last, None so far or if it failed.
        failure: why there is none.

    """

    def __init__(self, command: list[str], deadline_s: float) -> None:
        self._command, self._deadline_s = command, deadline_s
        self._until_s: float | None = None
        self._tries = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._out = self._err = -1
        self.output: bytes | None = None
        self.failure: str | None = None

    def start(self) -> bool:
        """Start it; return whether it runs."""
        if self._until_s is None:
            self._until_s = time.monotonic() + self._deadline_s
        self._tries += 1
        self._out = os.memfd_create("out", os.MFD_CLOEXEC)
        self._err = os.memfd_create("err", os.MFD_CLOEXEC)
        try:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err
            )
        except OSError as error:
            self._close()
            self.failure = f"py-spy could not be started: {error}"
            return False
        return True

    def has_ended(self) -> bool:
        """Return whether it is over; a call that failed starts again while there is time."""
        if self._process is None or self._until_s is None:
            return True
        status = self._process.poll()
        if status is None:
            if time.monotonic() < self._until_s:
                return False
            self.kill()
            self.failure = f"py-spy took longer than {self._deadline_s:g} s"
            return True
        text = _read_all(self._out if status == 0 else self._err)
        self._close()
        if status == 0:
            self.output = text
            return True
        if self._tries < _TRIES:
            return not self.start()
        self.failure = _reason(text)
        return True

    def kill(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):  # it is in the kernel, and ends later
                self._process.wait(KILLED_WITHIN_S)
        self._close()

    def _close(self) -> None:
        os.close(self._out)
        os.close(self._err)
        self._process = None


def _read_all(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)


def _reason(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    first = lines[0].removeprefix("Error: ") if lines else "no output"
    return f"py-spy: {first}"
