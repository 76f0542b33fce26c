"""Recordings of any size and condition: what can be read is used, and reading ends."""

import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diag import pipeline, policy
from diag.errors import RecordingError
from diag.model import codec
from diag.model.codec import Line, encode_line, read_recording
from diag.model.recording import FORMAT, Recording
from diag.render.options import Options
from diag.render.registry import FORMATS, renderer
from tests.unit.cli.conftest import recording


def lines_of(taken: Recording) -> list[bytes]:
    assert taken.end is not None
    lines: list[Line] = [taken.header, *taken.snapshots, taken.end]
    return list(map(encode_line, lines))


LINES = lines_of(recording())


def read(*lines: bytes) -> Recording:
    return read_recording(io.BytesIO(b"".join(lines)))


DEEP = b'{"a":' * 10_000 + b"\n"


def test_a_line_nested_too_deeply_is_damaged() -> None:
    found = read(LINES[0], DEEP, *LINES[1:])
    assert found.damage is not None
    assert len(found.snapshots) == 2


def test_the_whole() -> None:
    assert read(*LINES) == recording()


def test_cut_off_at_every_byte_of_the_last_lines() -> None:
    header, first, second, end = LINES
    for at in range(len(end)):
        found = read(header, first, second, end[:at])
        assert len(found.snapshots) == 2
        is_whole = at in (0, len(end) - 1)  # or lacks its newline only
        assert (found.damage is None) == is_whole
    for at in range(0, len(second) - 1, 7):
        found = read(header, first, second[:at])
        assert len(found.snapshots) == 1
        assert (found.damage is None) == (at == 0)


@pytest.mark.parametrize("rubbish", [b"", b"\0" * 100, b"\n\n", b"[]\n", b'{"record":1}\n', DEEP])
def test_rubbish_is_no_recording(rubbish: bytes) -> None:
    with pytest.raises(RecordingError, match="not a diag recording"):
        read(rubbish)


@pytest.mark.parametrize("number", [FORMAT + 1, -1, None, "1", True, 1e9, 2**70])
def test_another_format(number: object) -> None:
    header = {**json.loads(LINES[0]), "format": number}
    with pytest.raises(RecordingError, match="has format"):
        read(json.dumps(header).encode() + b"\n", *LINES[1:])


def test_an_endless_first_line_is_not_read_to_its_end() -> None:
    with Path("/dev/zero").open("rb") as zeros, pytest.raises(RecordingError, match="not a diag"):
        read_recording(zeros)


class Endless(io.BytesIO):
    """A stream that begins well and never ends."""

    def __init__(self, *lines: bytes) -> None:
        super().__init__()
        self._lines, self._last = iter(lines), lines[-1]

    def readline(self, size: int | None = -1, /) -> bytes:
        return next(self._lines, self._last)


@pytest.mark.parametrize("line", [b"x\n", b'{"record":"end","because":"x"}\n', LINES[1]])
def test_a_recording_that_never_ends(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MOST_LINES", 2000)
    monkeypatch.setattr(codec, "MOST_BYTES", 1 << 20)
    with pytest.raises(RecordingError, match=r"the recording (is larger|has more)"):
        read_recording(Endless(LINES[0], line))


def test_a_million_processes_are_refused_in_one_line() -> None:
    processes = b",".join([b'{"parent_pid":1}'] * 1_000_000)
    with pytest.raises(RecordingError, match=r"a look at 1,000,000 processes \(line 2\)"):
        read(LINES[0], b'{"record":"snapshot","processes":[' + processes + b"]}\n")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in entries:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


def damage(value: Any, chance: random.Random) -> None:
    """Change one place of a recording to something that fits, or does not."""
    *path, last = chance.choice(list(places(value)))
    for key in path:
        value = value[key]
    others: tuple[Any, ...] = (0, -1, 1e300, 2**63, "", [], None, value[last])
    match chance.choice(("drop", "twice", "other", "shift")):
        case "drop":
            del value[last]
        case "twice" if isinstance(value, list):
            value.append(value[last])
        case "shift" if isinstance(value[last], int | float):
            value[last] += chance.choice((-1, 1))
        case _:
            value[last] = chance.choice(others)


@pytest.mark.parametrize("seed", range(150))
def test_whatever_a_recording_says_it_is_judged_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    lines = [json.loads(line) for line in LINES]
    for _ in range(chance.randint(1, 3)):
        damage(lines, chance)
    try:
        found = read(*(json.dumps(line).encode() + b"\n" for line in lines))
        report = policy.apply(pipeline.judge(found), policy.Policy(project="/srv"))
    except RecordingError:
        return
    for name in FORMATS:
        assert renderer(FORMATS, name)(report, Options())
