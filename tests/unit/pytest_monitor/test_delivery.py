"""Verdicts are given to a process of pytest, and once more where its cleanup takes too long."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from diag.collect.tree import read_stat
from diag.model.ids import ProcessId
from diag.pytest_monitor import delivery
from diag.pytest_monitor.board import CALL, OWN_SIGNAL, Board, State
from diag.pytest_monitor.delivery import MOST_HURRIES, MOST_INTERRUPTS, Answer, Delivery

PID = os.getpid()
STATE = State(pid=PID, number=7, phase=CALL, name="test_it")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    """The page of this process, which takes each verdict as pytest does."""
    page = Board.of_this_process(tmp_path)
    page.tell(STATE)

    def take(_number: int, _frame: object) -> None:
        verdict = page.verdict()
        assert verdict is not None
        taken = STATE._replace(taken=verdict.number, harmless=int(verdict.is_proof))
        page.tell(taken._replace(number=STATE.number + 1))  # it has failed, and goes on

    before = signal.signal(OWN_SIGNAL, take)
    yield page
    signal.signal(OWN_SIGNAL, before)


def tell(made: Delivery, board: Board) -> Answer:
    me = ProcessId(PID, read_stat(PID).start_ticks)
    return made.tell(board, STATE, me, "it hangs", is_proof=True, is_alone=True)


def taken(board: Board) -> int:
    state = board.state()
    assert state is not None
    return state.taken


def test_what_hangs_anew_is_told_so_a_few_times(board: Board) -> None:
    made = Delivery()
    answers = [tell(made, board) for _ in range(MOST_INTERRUPTS + 1)]
    assert answers == [Answer.TAKEN] * MOST_INTERRUPTS + [Answer.NONE]


def test_a_cleanup_that_takes_too_long_is_interrupted(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Delivery()
    made.hurry(board, STATE)
    assert taken(board) == 0  # it has not failed
    tell(made, board)
    made.hurry(board, STATE)
    assert taken(board) == 1  # it has its time
    monkeypatch.setattr(delivery, "WAY_OUT_S", 0.0)
    made.hurry(board, STATE._replace(number=8))
    made.hurry(board, STATE._replace(aside=True))
    assert taken(board) == 1  # it has gone on, or somebody debugs
    for _ in range(MOST_HURRIES + 1):
        made.hurry(board, STATE)
    assert taken(board) == 1 + MOST_HURRIES
    state = board.state()
    assert state is not None
    assert not state.harmless  # it is no proof any more


def test_who_refuses_is_left_alone(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_number: int, _frame: object) -> None:
        verdict = board.verdict()
        assert verdict is not None
        board.tell(STATE._replace(taken=verdict.number, refused=True))

    signal.signal(OWN_SIGNAL, refuse)
    monkeypatch.setattr(delivery, "WAY_OUT_S", 0.0)
    made = Delivery()
    assert tell(made, board) is Answer.REFUSED
    made.hurry(board, STATE)
    assert taken(board) == 1


def test_a_process_that_has_gone_is_not_told(tmp_path: Path, board: Board) -> None:
    gone = ProcessId(PID, read_stat(PID).start_ticks + 1)
    assert (
        Delivery().tell(board, STATE, gone, "it hangs", is_proof=True, is_alone=True)
        is Answer.WENT_ON
    )
    assert taken(board) == 0
