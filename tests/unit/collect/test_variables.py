"""Values of variables: few, short, and only of the project's own code."""

from diag.collect.redact import MASK
from diag.collect.variables import (
    LONGEST_NAME,
    LONGEST_VALUE,
    MOST_FRAMES,
    MOST_VARIABLES,
    with_variables,
)
from diag.model.stack import Frame, Variable

OWN = Frame(function="work", file="/srv/shop.py", line=1)
LIBRARY = Frame(function="wait", file="/usr/lib/python3.11/threading.py", line=1)
INSTALLED = Frame(function="get", file="/x/lib/python3.11/site-packages/got.py", line=1)


def names(frame: Frame) -> list[str]:
    return [variable.name for variable in frame.variables]


def test_only_frames_of_the_project() -> None:
    shown = with_variables([LIBRARY, OWN, INSTALLED], [[("a", "1")]] * 3)
    assert [names(frame) for frame in shown] == [[], ["a"], []]


def test_installed_packages_where_nothing_else_runs() -> None:
    shown = with_variables([LIBRARY, INSTALLED], [[("a", "1")]] * 2)
    assert [names(frame) for frame in shown] == [[], ["a"]]


def test_what_is_too_much_is_left_out_and_counted() -> None:
    (frame,) = with_variables([OWN], [[(f"v{n}", "1") for n in range(MOST_VARIABLES + 5)]])
    assert len(frame.variables) == MOST_VARIABLES
    assert frame.variables_left_out == 5


def test_a_deep_recursion_shows_its_innermost_frames() -> None:
    frames = [Frame(function="work", file="/srv/shop.py", line=n) for n in range(100)]
    deep = with_variables(frames, [[("a", "1")]] * 100)
    assert [bool(frame.variables) for frame in deep] == [n < MOST_FRAMES for n in range(100)]


def test_long_words_are_cut_and_missing_ones_said() -> None:
    (frame,) = with_variables([OWN], [[("n" * 999, "v " * 999), ("lost", None)]])
    assert len(frame.variables[0].name) == LONGEST_NAME
    assert len(frame.variables[0].value) == LONGEST_VALUE
    assert frame.variables[1] == Variable(name="lost", value="?")


def test_secrets_are_masked_before_anything_is_cut() -> None:
    long = '{"a": "' + "b " * 300 + '", "password": "hunter2"}'
    (frame,) = with_variables([OWN], [[("order", long), ("password", "1")]])
    assert "hunter2" not in frame.variables[0].value
    assert frame.variables[1].value == MASK
