"""The process that watches a test run for `pytest --diag`; see diag/pytest_plugin.py.

Called as `python -m diag.cli.monitor PID STALL_S` with events on standard input, a line each:
"start NODEID", "finish NODEID". It ends with its input or with the process PID.
"""

import os
import select
import subprocess
import sys
import time
from pathlib import Path

# How often to see whether the run still exists; its end closes the input at once, unless
# a process that it forked keeps the other end open.
CHECK_S = 5.0
LOOK_DEADLINE_S = 300.0
MOST_NAMED = 5


class Run:
    """What is known of the run: decides when it hangs, reads and starts nothing."""

    def __init__(self, stall_s: float, now_s: float) -> None:
        self.stall_s = stall_s
        self._due_s = now_s + stall_s
        self._tests: dict[str, None] = {}
        self._partial = b""
        self._reported = False

    def feed(self, data: bytes, now_s: float) -> None:
        """Take what came in; a test that finished starts the time anew."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            event, _, name = line.decode("ascii", "replace").partition(" ")
            if event == "start":
                self._tests[name] = None
            elif event == "finish":
                self._tests.pop(name, None)
                self._due_s = now_s + self.stall_s
                self._reported = False

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait for input."""
        return CHECK_S if self._reported else min(CHECK_S, max(0.0, self._due_s - now_s))

    def is_due(self, now_s: float) -> bool:
        """Whether to look now; True once for each time that the run hangs."""
        due = not self._reported and now_s >= self._due_s
        self._reported = self._reported or due
        return due

    def headline(self) -> str:
        """Say what hangs."""
        names = list(self._tests)
        running = ", ".join(names[:MOST_NAMED]) + (" ..." if len(names) > MOST_NAMED else "")
        return (
            f"diag: no test has finished for {self.stall_s:g} s (running: {running or 'no test'})\n"
        )


def main() -> None:
    """Leave the tree of the run, then watch it until it ends."""
    pid, stall_s = int(sys.argv[1]), float(sys.argv[2])
    identity = _identity(pid)
    if os.fork():
        os._exit(0)
    watch(pid, identity, Run(stall_s, time.monotonic()))


def watch(pid: int, identity: str | None, run: Run) -> None:
    """Read events and look at the run when it hangs."""
    while identity is not None and _identity(pid) == identity:
        ready, _, _ = select.select([0], [], [], run.wait_s(time.monotonic()))
        if ready:
            data = os.read(0, 65536)
            if not data:
                return
            run.feed(data, time.monotonic())
        elif run.is_due(time.monotonic()):
            _write(run.headline() + _look(pid))


def _look(pid: int) -> str:
    command = [sys.executable, "-m", "diag", "attach", str(pid), "--fail-on", "never"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LOOK_DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"diag: error: no diagnosis within {LOOK_DEADLINE_S:g} s\n"
    return (done.stdout + done.stderr).decode("utf-8", "backslashreplace")


def _write(text: str) -> None:
    os.write(2, text.encode())


def _identity(pid: int) -> str | None:
    """Return the start time of a process (field 22 of its stat), None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return stat.rpartition(")")[2].split()[19]


if __name__ == "__main__":
    main()
