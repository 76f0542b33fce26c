"""Gives a process of pytest its verdict, and waits for it to take it."""

import os
import signal
import time
from contextlib import suppress

from diag.collect.tree import read_stat
from diag.model.ids import ProcessId
from diag.pytest_monitor.board import OWN_SIGNAL, Board, State, Verdict

GRACE_S = 3.0  # for the main thread to take the signal
_POLL_S = 0.02


def interrupt(board: Board, state: State, process_id: ProcessId, verdict: Verdict) -> State | None:
    """Give a process its verdict; return its state when it took it, None if it did not."""
    board.answer(verdict)
    _send(process_id, OWN_SIGNAL)
    until_s = time.monotonic() + GRACE_S
    while time.monotonic() < until_s:
        now = board.state() or state
        if now.taken == verdict.number or now.number != state.number or not _is(process_id):
            return now
        time.sleep(_POLL_S)
    return None


def is_there(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    with suppress(OSError):
        return read_stat(pid).state not in "ZX"
    return False


def _is(process_id: ProcessId) -> bool:
    with suppress(OSError):
        stat = read_stat(process_id.pid)
        return stat.start_ticks == process_id.start_ticks and stat.state not in "ZX"
    return False


def _send(process_id: ProcessId, number: int) -> None:
    with suppress(OSError):  # it has ended
        fd = os.pidfd_open(process_id.pid)
        try:
            if _is(process_id):
                signal.pidfd_send_signal(fd, number)
        finally:
            os.close(fd)
