"""Gives processes of pytest their verdicts, and waits for them to take them."""

import os
import signal
import time
from contextlib import suppress
from enum import Enum
from typing import NamedTuple

from diag.collect.tree import read_stat
from diag.model.ids import ProcessId
from diag.pytest_monitor.board import OWN_SIGNAL, Board, State, Verdict

GRACE_S = 3.0  # for the main thread to take the signal
WAY_OUT_S = 10.0  # for the cleanup of what has failed
MOST_INTERRUPTS = 5  # of what hangs anew on its way out
MOST_HURRIES = 3
_POLL_S = 0.02


class Answer(Enum):
    """What a process did when it was told that it hangs."""

    TAKEN = "taken"
    REFUSED = "refused"
    WENT_ON = "went on"  # or has ended
    NONE = "none"


class _Told(NamedTuple):
    times: int
    hurried: int
    at_s: float
    process_id: ProcessId
    is_alone: bool
    text: str


class Delivery:
    """Tells who hangs, and again who does so anew or does not get out of it."""

    def __init__(self) -> None:
        self._number = 0
        self._told: dict[tuple[int, int], _Told] = {}

    def tell(
        self,
        board: Board,
        state: State,
        process_id: ProcessId,
        text: str,
        *,
        is_proof: bool,
        is_alone: bool,
    ) -> Answer:
        """Let a process fail in the state in which it hangs; not more often than makes sense."""
        key = state.pid, state.number
        before = self._told.get(key)
        told = _Told(1, 0, 0.0, process_id, is_alone, text)
        if before is not None:
            told = told._replace(times=before.times + 1, hurried=before.hurried)
        if told.times > MOST_INTERRUPTS:
            return Answer.NONE
        answer = self._deliver(board, state, told, is_proof=is_proof)
        if answer is Answer.TAKEN:
            self._told[key] = told._replace(at_s=time.monotonic())
        return answer

    def hurry(self, board: Board, state: State) -> None:
        """Interrupt once more a test that has failed and whose own cleanup takes too long.

        As that of asyncio.run() does, which gives its threads five minutes.
        """
        told = self._told.get((state.pid, state.number))
        if told is None or told.hurried >= MOST_HURRIES or state.aside:
            return
        if time.monotonic() - told.at_s < WAY_OUT_S:
            return
        told = told._replace(hurried=told.hurried + 1)
        self._deliver(board, state, told, is_proof=False)
        self._told[state.pid, state.number] = told._replace(at_s=time.monotonic())

    def _deliver(self, board: Board, state: State, told: _Told, *, is_proof: bool) -> Answer:
        self._number += 1
        verdict = Verdict(self._number, state.number, is_proof, told.is_alone, told.text)
        answer = _interrupt(board, state, told.process_id, verdict)
        if answer is None:
            return Answer.NONE
        if answer.taken != verdict.number:
            return Answer.WENT_ON
        if not answer.refused:
            return Answer.TAKEN
        return Answer.REFUSED if answer.number == state.number else Answer.WENT_ON


def _interrupt(board: Board, state: State, process_id: ProcessId, verdict: Verdict) -> State | None:
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
