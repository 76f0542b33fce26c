"""Processes that a failed test has left stuck: ended once the test and its fixtures are over.

Not before: its own cleanup may still want them, or free them.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from diag.collect.memory import PROC
from diag.collect.procfs import parse_status
from diag.model.process import Process
from diag.pytest_monitor.board import State
from diag.watching.target import end

ENDS_WITHIN_S = 1.0  # by SIGTERM, else SIGKILL


class Remains:
    """Remembers them until then."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[str, tuple[Process, ...]]] = {}

    def keep(self, state: State, stuck: tuple[Process, ...]) -> None:
        """Take down what the test in a process of pytest leaves."""
        self._of[state.pid] = state.name, stuck

    def end(self, states: Mapping[int, State]) -> None:
        """End what is left of tests that are over."""
        for pid, (name, stuck) in tuple(self._of.items()):
            state = states.get(pid)
            if state is None or state.name != name:
                del self._of[pid]
                end_stuck(stuck)


def end_stuck(stuck: Iterable[Process]) -> None:
    """End those processes that have not run since they were seen."""
    end((process.id for process in stuck if _has_not_run(process)), grace_s=ENDS_WITHIN_S)


def _has_not_run(process: Process) -> bool:
    seen = process.threads[0]
    with suppress(OSError):  # it has ended
        status = parse_status((PROC / f"{process.pid}/task/{seen.tid}/status").read_bytes())
        now = status.voluntary_switches, status.involuntary_switches
        return now == (seen.voluntary_switches, seen.involuntary_switches)
    return False
