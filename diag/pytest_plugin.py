"""`pytest --diag`: a test run that hangs says why.

A separate process is told of every test that starts and finishes. When none has finished for
`--diag-stall` seconds, it looks at the whole tree of the run from outside, also at the workers
of pytest-xdist, and writes its report to the standard error that pytest was started with. So it
works while every thread of the run is blocked, and it changes nothing in the tests: they are
neither stopped nor failed.

Without `--diag` nothing of diag is imported but this module. More (a time limit that ends a
hung run, reports as files) comes with `diag run`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

DEFAULT_STALL_S = 60.0
# Lines this short are written to a pipe whole or not at all (PIPE_BUF, pipe(7)).
_MOST_BYTES = 1024


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --diag and --diag-stall, on the command line and in the configuration."""
    group = parser.getgroup("diag", "why a test run hangs (diag)")
    group.addoption("--diag", action="store_true", help="Say why the run hangs when it hangs.")
    group.addoption(
        "--diag-stall",
        type=float,
        metavar="SECONDS",
        help=f"Time without a finished test that counts as hanging ({DEFAULT_STALL_S:g}).",
    )
    parser.addini("diag", "Same as --diag.", type="bool", default=False)
    parser.addini("diag_stall", "Same as --diag-stall.", default=str(DEFAULT_STALL_S))


def pytest_configure(config: pytest.Config) -> None:
    """Start the monitor, once for the whole run: not in the workers of pytest-xdist."""
    wanted = config.getoption("--diag") or config.getini("diag")
    if wanted and not hasattr(config, "workerinput"):
        stall_s = _stall_s(config)
        config.pluginmanager.register(Heartbeat(config, stall_s), "diag-heartbeat")


class Heartbeat:
    """Tells the monitor what the run does; never waits for it."""

    def __init__(self, config: pytest.Config, stall_s: float) -> None:
        with _real_stderr(config):
            self._monitor = _start_monitor(stall_s)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell of a test that starts, here or in a worker."""
        self._tell("start", nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Tell of a test that has finished."""
        self._tell("finish", nodeid)

    def pytest_unconfigure(self) -> None:
        """End the monitor, which ends when nobody can tell it anything any more."""
        stdin = self._monitor.stdin
        if stdin is not None:
            stdin.close()

    def _tell(self, event: str, nodeid: str) -> None:
        import os

        stdin = self._monitor.stdin
        line = f"{event} {nodeid!a}".encode()[:_MOST_BYTES] + b"\n"
        # A monitor that is busy or gone must not hold up the tests: then it misses a line.
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ValueError):
            if stdin is not None:
                os.write(stdin.fileno(), line)


def _stall_s(config: pytest.Config) -> float:
    given = config.getoption("--diag-stall")
    text = config.getini("diag_stall") if given is None else given
    try:
        stall_s = float(text)
    except ValueError:
        stall_s = 0.0
    if not 0 < stall_s < float("inf"):
        raise pytest.UsageError(f"--diag-stall: {text} is not a number of seconds above 0")
    return stall_s


def _start_monitor(stall_s: float) -> subprocess.Popen[bytes]:
    """Start the monitor; it leaves the tree at once, so that it is no part of what it looks at."""
    import os
    import subprocess
    import sys

    command = [sys.executable, "-m", "diag.cli.monitor", str(os.getpid()), str(stall_s)]
    monitor = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, bufsize=0, start_new_session=True
    )
    if monitor.stdin is not None:
        os.set_blocking(monitor.stdin.fileno(), False)
    monitor.wait()
    return monitor


@contextlib.contextmanager
def _real_stderr(config: pytest.Config) -> Iterator[None]:
    """Give what is started inside the standard error of pytest, not the captured one."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is None:
        yield
        return
    with capture.global_and_fixture_disabled():
        yield
