"""Errors become one line and a status; output that fails loses no report."""

import os
import stat
import threading
from pathlib import Path

import click
import pytest

from diag.cli import exits, output
from diag.cli.app import run
from diag.cli.exits import guarded
from diag.cli.progress import Progress
from diag.errors import DiagError, ExitStatus, UsageError
from tests.unit.cli.conftest import FakePipeline
from tests.unit.render.examples import HOSTILE

Captured = pytest.CaptureFixture[str]


def raising(error: BaseException) -> int:
    def call() -> object:
        raise error

    return guarded(call)


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (DiagError("gone"), 3, "diag: error: gone"),
        (UsageError("wrong"), 2, "diag: error: wrong"),
        (click.ClickException("odd"), 2, "diag: error: odd"),
        (KeyboardInterrupt(), 130, "diag: interrupted"),
        (ZeroDivisionError("x"), 70, "diag: error: internal error, please report it: "),
    ],
)
def test_errors(
    capsys: Captured, error: BaseException, status: int, line: str, fake: FakePipeline
) -> None:
    assert raising(error) == status
    printed = capsys.readouterr()
    assert printed.err.startswith(line)
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_without_proc_it_is_said_what_is_missing(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(exits, "_PROC", tmp_path / "none")
    assert raising(FileNotFoundError("/proc/sys/kernel/osrelease")) == ExitStatus.UNOBSERVABLE
    assert "there is no /proc here" in capsys.readouterr().err


def test_a_traceback_only_when_asked(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIAG_DEBUG", "1")
    assert raising(ZeroDivisionError("x")) == 70
    assert "Traceback" in capsys.readouterr().err


def test_statuses_pass_through(capsys: Captured) -> None:
    assert guarded(lambda: ExitStatus.FINDINGS) == 1
    assert guarded(lambda: 124) == 124
    assert guarded(lambda: None) == 0
    assert raising(click.exceptions.Exit(5)) == 5


def test_hostile_messages_are_one_harmless_line(capsys: Captured) -> None:
    raising(DiagError(HOSTILE, hint=HOSTILE))
    error = capsys.readouterr().err
    assert error.count("\n") == 2
    assert error.replace("\n", "").isprintable()


def test_a_report_is_not_lost_with_its_file(
    fake: FakePipeline, capsys: Captured, tmp_path: Path
) -> None:
    bad, good = tmp_path / "no" / "such" / "folder", tmp_path / "good.json"
    worse = tmp_path / "nor" / "this"
    arguments = ["attach", "1", "-o", str(bad), "--report", f"json={worse}"]
    assert run([*arguments, "--report", f"json={good}"]) == 2
    printed = capsys.readouterr()
    assert printed.out.startswith("HUNG")
    for place in (bad, worse):
        assert f"cannot write {place}: No such file" in printed.err.splitlines()[0]
    assert good.exists()


def test_two_reports_for_one_file(fake: FakePipeline, capsys: Captured, tmp_path: Path) -> None:
    place = tmp_path / "report"
    assert run(["attach", "1", "-o", str(place), "--report", f"json={place}"]) == 2
    assert f"two reports for {place}" in capsys.readouterr().err
    assert fake.asked == []
    devices = ("--report", "json=/dev/null", "--report", "html=/dev/null")
    assert run(["attach", "1", *devices, "--report", "github=-"]) == 1


def test_a_fifo_that_nobody_reads_is_not_waited_for(
    fake: FakePipeline, capsys: Captured, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert run(["attach", "1", "-o", str(fifo)]) == 2
    assert f"cannot write {fifo}" in capsys.readouterr().err
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run(["attach", "1", "-o", str(fifo)]) == 1
        assert os.read(reader, 4) == b"HUNG"
    finally:
        os.close(reader)


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_a_descriptor_by_its_name_is_added_to(
    fake: FakePipeline, tmp_path: Path, name: str
) -> None:
    place = tmp_path / "log"
    with place.open("w") as log:
        log.write("before\n")
        log.flush()
        assert run(["attach", "1", "-o", name.format(log.fileno())]) == 1
        log.write("after\n")
    text = place.read_text()
    assert text.startswith("before\nHUNG")
    assert text.endswith("after\n")


def test_an_unwritable_recording_is_said_before_the_look(
    fake: FakePipeline, capsys: Captured, tmp_path: Path
) -> None:
    assert run(["attach", "1", "--record", str(tmp_path / "no" / "r")]) == 2
    assert fake.asked == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(fake: FakePipeline, capsys: Captured) -> None:
    assert run(["attach", "1", "--record", "/dev/full"]) == 2
    printed = capsys.readouterr()
    assert printed.out.startswith("HUNG")
    assert "/dev/full is incomplete: No space left on device" in printed.err


def test_files_are_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, link = tmp_path / "report", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    with pytest.raises(UnicodeEncodeError):
        output.write_whole(link, "new \ud800")
    assert target.read_text() == "old"
    output.write_whole(link, "new")
    assert (target.read_text(), link.is_symlink()) == ("new", True)
    assert len(list(tmp_path.iterdir())) == 2


def test_files_get_the_usual_permissions(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        output.write_whole(tmp_path / "report", "text")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "report").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, False),
    ],
)
def test_colour_of_what_is_piped(
    fake: FakePipeline,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    coloured: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run(["attach", "1"])
    assert ("\x1b[" in capsys.readouterr().out) is coloured


class Screen:
    """A stream that is, or is not, a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        self.terminal = terminal
        self.written = ""
        self.wrote = threading.Event()

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.written += text
        self.wrote.set()
        return len(text)

    def flush(self) -> None:
        pass


def test_progress_is_shown_to_people_who_wait_and_cleared() -> None:
    screen = Screen(terminal=True)
    with Progress(screen, quiet_s=0.0) as progress:  # type: ignore[arg-type]
        progress.say("reading \x1b[2J")
        assert screen.wrote.wait(10)
    assert "reading \\x1b[2J" in screen.written
    assert screen.written.endswith("\r\x1b[K")


@pytest.mark.parametrize(("terminal", "quiet_s"), [(True, 60.0), (False, 0.0)])
def test_no_progress_for_the_quick_or_where_nobody_looks(terminal: bool, quiet_s: float) -> None:
    screen = Screen(terminal=terminal)
    with Progress(screen, quiet_s=quiet_s) as progress:  # type: ignore[arg-type]
        progress.say("reading")
    assert screen.written == ""
