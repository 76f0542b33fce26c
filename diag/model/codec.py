"""Recordings and reports as text: encode, decode, schema."""

from collections.abc import Iterable, Iterator
from typing import IO, Any

import msgspec

from diag.errors import RecordingError
from diag.model.errorline import ErrorLine
from diag.model.recording import FORMAT, End, Header, Recording
from diag.model.report import Report
from diag.model.sample import Activity, Sample
from diag.model.snapshot import Snapshot

# What a recording may hold, so that reading one takes bounded time and memory: a recording of
# ten thousand processes has about 100 MB and is judged in about ten seconds.
MOST_BYTES = 256 << 20
MOST_LINES = 1_000_000
MOST_PROCESSES = 10_000  # of one look
_LONGEST_HEADER = 64 << 10
_OF_A_PROCESS = b'"parent_pid"'  # quotes within a string are escaped
_MOST_NAMED = 5

Line = Header | Snapshot | Sample | Activity | ErrorLine | End

# Too deeply nested JSON is a RecursionError (msgspec 0.19 to 0.22).
_NO_LINE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_encoder = msgspec.json.Encoder()
_line_decoder = msgspec.json.Decoder(Line)
_report_decoder = msgspec.json.Decoder(Report)


def encode_line(record: Line) -> bytes:
    """Encode one record of a recording, newline included."""
    return _encoder.encode(record) + b"\n"


def read_recording(stream: IO[bytes]) -> Recording:
    """Read and decode a recording, as `decode_recording` does, without reading for ever.

    Raises:
        RecordingError: as there.
        OSError: it cannot be read.

    """
    return decode_recording(_lines(stream))


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a stream; what is no recording is not read to its end."""
    left, longest = MOST_BYTES, _LONGEST_HEADER
    while line := stream.readline(min(longest, left) + 1):
        left -= len(line)
        if left < 0:
            raise _too_large(f"is larger than {MOST_BYTES >> 20} MiB")
        yield line
        longest = MOST_BYTES


def decode_recording(lines: Iterable[bytes]) -> Recording:
    """Decode a recording; damage after the header costs only what it hit.

    Raises:
        RecordingError: the first line is no header, or of a newer format, or there is more in
            it than can be judged.

    """
    numbered = enumerate(lines, start=1)
    _, first = next(numbered, (0, b""))
    header = _decode_header(first)
    snapshots: list[Snapshot] = []
    samples: list[Sample] = []
    activities: list[Activity] = []
    error_lines: list[ErrorLine] = []
    end: End | None = None
    damaged: list[int] = []
    for number, line in numbered:
        if not line.strip():
            continue
        _check_size(number, line)
        try:
            record = _line_decoder.decode(line)
        except _NO_LINE:
            damaged.append(number)
            continue
        match record:
            case Snapshot():
                snapshots.append(record)
            case Sample():
                samples.append(record)
            case Activity():
                activities.append(record)
            case ErrorLine():
                error_lines.append(record)
            case End():
                end = record
            case Header():
                damaged.append(number)
    return Recording(
        header=header,
        snapshots=tuple(snapshots),
        samples=tuple(samples),
        activities=tuple(activities),
        error_lines=tuple(error_lines),
        end=end,
        damage=_describe_damage(damaged),
    )


def encode_report(report: Report) -> bytes:
    """Encode a report as indented JSON, newline included."""
    return msgspec.json.format(_encoder.encode(report), indent=2) + b"\n"


def decode_report(text: bytes) -> Report:
    """Decode what `encode_report` gave.

    Raises:
        msgspec.DecodeError: the text is not a report.

    """
    return _report_decoder.decode(text)


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema of the report."""
    return msgspec.json.schema(Report)


def recording_schema() -> dict[str, Any]:
    """Return the JSON Schema of one line of a recording."""
    return msgspec.json.schema(Line)


def _decode_header(line: bytes) -> Header:
    try:
        declared = msgspec.json.decode(line)
    except _NO_LINE:
        declared = None
    if not isinstance(declared, dict) or declared.get("record") != "header":
        raise RecordingError(
            "not a diag recording: its first line is no header",
            hint="recordings are written by `diag attach --record FILE`",
        )
    number = declared.get("format")
    if type(number) is not int or not 1 <= number <= FORMAT:
        raise RecordingError(
            f"recording has format {number!r}, this diag reads up to {FORMAT}",
            hint="upgrade diag",
        )
    try:
        return msgspec.convert(declared, Header)
    except msgspec.ValidationError as error:
        raise RecordingError(f"the recording's header is damaged: {error}") from error


def _check_size(number: int, line: bytes) -> None:
    if number > MOST_LINES:
        raise _too_large(f"has more than {MOST_LINES:,} lines")
    processes = line.count(_OF_A_PROCESS)
    if processes > MOST_PROCESSES:
        raise _too_large(f"holds a look at {processes:,} processes (line {number})")


def _too_large(what: str) -> RecordingError:
    return RecordingError(
        f"the recording {what}: more than diag judges",
        hint="record a part of the tree, by its own pid, or less of the time (--record-limit)",
    )


def _describe_damage(lines: list[int]) -> str | None:
    if not lines:
        return None
    shown = ", ".join(map(str, lines[:_MOST_NAMED]))
    shown += ", ..." if len(lines) > _MOST_NAMED else ""
    return f"{len(lines)} line(s) could not be decoded and were left out: {shown}"
