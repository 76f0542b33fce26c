"""Known errors are found in a stream, however it is cut; nothing else is kept of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.collect.errorlines import LONGEST_LINE, LONGEST_TEXT, MOST_OF_A_KIND, ErrorLines
from diag.model.errorline import ErrorKind, ErrorLine


def found(*pieces: bytes) -> list[ErrorLine]:
    lines = ErrorLines()
    return [line for piece in pieces for line in lines.feed(piece)]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (
            b"concurrent.futures.process.BrokenProcessPool: A process in the process pool was ...",
            ErrorKind.BROKEN_POOL,
        ),
        (b"TypeError: cannot pickle '_thread.lock' object", ErrorKind.CANNOT_PICKLE),
        (b"AttributeError: Can't pickle local object 'main.<locals>.f'", ErrorKind.CANNOT_PICKLE),
        (b"AttributeError: Can't get local object 'main.<locals>.f'", ErrorKind.CANNOT_PICKLE),
        (b"_pickle.PicklingError: Can't pickle <class 'x'>", ErrorKind.CANNOT_PICKLE),
        (b"OSError: [Errno 24] Too many open files: 'a.txt'", ErrorKind.OPEN_FILES),
        (b"bash: fork: Too many open files in system", ErrorKind.OPEN_FILES),
        (b"MemoryError", ErrorKind.MEMORY),
        (b"E   numpy.core._exceptions._ArrayMemoryError: Unable to", ErrorKind.MEMORY),
    ],
)
def test_a_known_error_is_found(line: bytes, kind: ErrorKind) -> None:
    (only,) = found(b"before\n" + line + b"\nafter\n")
    assert only.kind is kind
    assert only.text == line.decode()


@pytest.mark.parametrize(
    "line",
    [
        b"pickled 3 objects",
        b"too many cooks",
        b"all files are open",
        b"memory error: none",
        b"2 pools, none of them broken",
    ],
)
def test_other_lines_are_forgotten(line: bytes) -> None:
    assert found(line + b"\n") == []


@given(st.lists(st.integers(1, 40), max_size=12))
def test_it_does_not_matter_where_a_stream_is_cut(sizes: list[int]) -> None:
    text = b"a\nMemoryError\nb\nTypeError: cannot pickle 'x' object\n\n\nToo many open files\nend"
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    kinds = [line.kind for line in found(*pieces, text[at:])]
    assert kinds == [ErrorKind.MEMORY, ErrorKind.CANNOT_PICKLE, ErrorKind.OPEN_FILES]


def test_secrets_are_masked_and_long_lines_cut() -> None:
    (only,) = found(b"at password=hunter2 MemoryError" + b" x" * 1000 + b"\n")
    assert "hunter2" not in only.text
    assert len(only.text) == LONGEST_TEXT


def test_a_line_without_end_is_not_kept() -> None:
    lines = ErrorLines()
    for _ in range(100):
        assert list(lines.feed(b"x" * 65536)) == []
    assert len(lines._rest) <= LONGEST_LINE


def test_a_loop_that_fails_for_ever_is_told_a_few_times() -> None:
    assert len(found(b"MemoryError\n" * 1000)) == MOST_OF_A_KIND


def test_any_bytes_give_text() -> None:
    (only,) = found(b"\xff\x00 MemoryError\x1b[0m\r\n")
    assert only.text.encode()
