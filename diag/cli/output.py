"""Where reports go: standard output and files, opened late and written whole."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from diag.errors import UsageError
from diag.render.options import DEFAULT_WIDTH, Options
from diag.render.registry import renderer

if TYPE_CHECKING:
    from diag.model.report import Report


_OWN_DESCRIPTOR = re.compile(r"/dev/(?P<name>stdout|stderr)|/(?:dev|proc/self)/fd/(?P<fd>\d+)")
_STANDARD = {"stdout": 1, "stderr": 2}


class OutputError(UsageError):
    """A place for a report cannot be written to."""


class Outputs(NamedTuple):
    """Which reports are wanted, and where; a file takes one.

    Attributes:
        formats: the renderers to choose from.
        chosen: the format of the main report.
        file: where the main report goes; None for standard output.
        more: further reports, each a format and a file.

    """

    formats: Mapping[str, str]
    chosen: str
    file: Path | None
    more: tuple[tuple[str, Path], ...]


def emit(report: Report, outputs: Outputs, *, stream: TextIO | None = None) -> None:
    """Write every report that is wanted.

    A main report whose file cannot be written goes to standard output, so it is not lost.
    `stream` takes the place of standard output where that belongs to somebody else.

    Raises:
        OutputError: after everything else was written, the files that could not be.

    """
    failed: list[str] = []
    written = outputs.file is not None and _try_file(report, outputs, outputs.file, failed)
    try:
        if not written:
            draw = renderer(outputs.formats, outputs.chosen)
            write_stream(draw(report, stream_options(stream)), stream)
    finally:  # a terminal that was closed must not cost the files
        _emit_more(report, outputs, failed)


def emit_files(report: Report, outputs: Outputs) -> None:
    """Write the reports that go to files, and leave standard output for later.

    Raises:
        OutputError: after everything else was written, the files that could not be.

    """
    failed: list[str] = []
    if outputs.file is not None:
        _try_file(report, outputs, outputs.file, failed)
    _emit_more(report, outputs, failed)


def _emit_more(report: Report, outputs: Outputs, failed: list[str]) -> None:
    for name, path in outputs.more:
        _try_file(report, outputs._replace(chosen=name), path, failed)
    if "github" in (outputs.chosen, *(name for name, _ in outputs.more)):
        _try_summary(report, outputs, failed)
    if failed:
        raise OutputError("; ".join(failed), hint="choose a file in a folder that can be written")


def write_stdout(text: str) -> None:
    """Write to standard output, at once; see `write_stream`."""
    write_stream(text, None)


def write_stream(text: str, stream: TextIO | None) -> None:
    """Write to a stream, standard output if None, at once.

    Raises:
        BrokenPipeError: nobody reads any more.
        OutputError: it cannot be written.

    """
    try:
        (stream or sys.stdout).write(text)
        (stream or sys.stdout).flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "standard output" if stream is None else stream.name
        raise OutputError(f"cannot write to {name}: {error.strerror}") from error


def stdout_options() -> Options:
    """Find out how text for standard output is drawn."""
    return stream_options(None)


def stream_options(stream: TextIO | None) -> Options:
    """Find out how text for a stream is drawn, standard output if None.

    NO_COLOR and FORCE_COLOR are as on no-color.org and force-color.org; the first wins.
    """
    to = stream or sys.stdout
    terminal = to.isatty()
    width = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns if terminal else DEFAULT_WIDTH
    encoding = (to.encoding or "ascii").lower()
    return Options(
        width=width, colour=_wants_colour(terminal=terminal), unicode=encoding.startswith("utf")
    )


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is never seen half written; devices and pipes directly.

    Raises:
        OSError: it cannot be written, or is a FIFO that nobody reads.

    """
    own = _OWN_DESCRIPTOR.fullmatch(str(path))
    if own is not None:
        # Opened by its name a file would be cut, or replaced under others who write to it.
        _write_descriptor(os.dup(int(own["fd"] or _STANDARD[own["name"]])), text)
        return
    if path.exists() and not path.is_file():
        # Without O_NONBLOCK a FIFO without a reader would be waited for, for ever.
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        os.set_blocking(fd, True)
        _write_descriptor(fd, text)
        return
    target = path.resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        raise


def _write_descriptor(fd: int, text: str) -> None:
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)


def _try_file(report: Report, outputs: Outputs, path: Path, failed: list[str]) -> bool:
    text = renderer(outputs.formats, outputs.chosen)(report, Options())
    if path == Path("-"):
        write_stdout(text)
        return True
    try:
        write_whole(path, text)
    except OSError as error:
        failed.append(f"cannot write {path}: {error.strerror}")
        return False
    return True


def _try_summary(report: Report, outputs: Outputs, failed: list[str]) -> None:
    """Put the report into the summary of a GitHub job, in place of an earlier one of this target.

    GitHub names the file in a variable; the command that is watched may write to it as well.
    """
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if not summary or "markdown" not in outputs.formats:
        return
    text = renderer(outputs.formats, "markdown")(report, Options())
    begin, end = (f"<!-- diag {report.target.id.pid} {word} -->\n" for word in ("begins", "ends"))
    try:
        with Path(summary).open("a+", encoding="utf-8") as file:
            file.seek(0)
            before, _, rest = file.read().partition(begin)
            after = rest.partition(end)[2]
            file.seek(0)
            file.truncate()
            file.write(f"{before}{begin}{text}{end}{after}")
    except OSError as error:
        failed.append(f"cannot write {summary}: {error.strerror}")


def _wants_colour(*, terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"
