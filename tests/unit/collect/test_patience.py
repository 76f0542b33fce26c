"""Reads that do not come back are left behind, one at most."""

import threading
import time

import pytest

from diag.collect.patience import Patience


def test_an_answer_and_a_failure_come_through():
    patience = Patience(30)
    assert patience.read(lambda: 7) == 7
    with pytest.raises(FileNotFoundError):
        patience.read(lambda: open("/does/not/exist"))  # noqa: SIM115, PTH123
    assert patience.read(lambda: None) is None


def test_one_is_left_behind_and_none_is_begun_until_it_comes_back():
    patience, answer, begun = Patience(0.05), threading.Event(), []
    with pytest.raises(TimeoutError):
        patience.read(answer.wait)
    with pytest.raises(TimeoutError):
        patience.read(lambda: begun.append(1))
    assert not begun
    answer.set()
    deadline_s = time.monotonic() + 30
    while not begun and time.monotonic() < deadline_s:
        try:
            patience.read(lambda: begun.append(1))
        except TimeoutError:
            time.sleep(0.01)
    assert begun
