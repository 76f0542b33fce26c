"""What pytest says is what the monitor reads, and the other way round."""

from pathlib import Path

from diag.pytest_monitor.board import CALL, Board, State, Verdict, verdicts_on


def test_both_sides_read_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "10.board"
    inside, outside = Board(path, create=True), Board(path)
    assert outside.state() is None
    assert inside.verdict() is None
    state = State(pid=10, number=3, phase=CALL, name="test_ü.py::test[\n\0]", stall_s=1.5)
    inside.tell(state)
    assert outside.state() == state
    verdict = Verdict(1, 3, is_proof=True, is_alone=True, text="why\n✗")
    outside.answer(verdict)
    assert inside.verdict() == verdict
    assert list(verdicts_on(tmp_path, state.name)) == ["why\n✗"]
    inside.tell(state._replace(number=4, name="short"))
    assert outside.state() == state._replace(number=4, name="short")
    assert list(verdicts_on(tmp_path, state.name)) == []


def test_what_is_too_long_is_cut(tmp_path: Path) -> None:
    board = Board(tmp_path / "10.board", create=True)
    board.answer(Verdict(1, 1, is_proof=True, is_alone=True, text="why"))
    board.tell(State(pid=10, name="\u4e00" * 100_000))
    state, verdict = board.state(), board.verdict()
    assert state is not None
    assert set(state.name) == {"\u4e00"}
    assert verdict is not None
    assert verdict.text == "why"
    board.answer(Verdict(2, 1, is_proof=True, is_alone=True, text="\u4e00" * 1_000_000))
    cut = board.verdict()
    assert cut is not None
    assert len(cut.text) > 10_000


def test_rubbish_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "10.board"
    board = Board(path, create=True)
    for rubbish in (b"\xff\xfe\n", b"[1, \n", b"no line at all"):
        with path.open("r+b") as page:
            page.write(rubbish)
        assert board.state() is None
