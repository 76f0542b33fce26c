"""Recordings and reports as text: encode, decode, schema."""

from collections.abc import Iterable
from typing import Any

import msgspec

from diag.errors import RecordingError
from diag.model.errorline import ErrorLine
from diag.model.recording import FORMAT, End, Header, Recording
from diag.model.report import Report
from diag.model.sample import Activity, Sample
from diag.model.snapshot import Snapshot

Line = Header | Snapshot | Sample | Activity | ErrorLine | End

_encoder = msgspec.json.Encoder()
_line_decoder = msgspec.json.Decoder(Line)
_report_decoder = msgspec.json.Decoder(Report)


def encode_line(record: Line) -> bytes:
    """Encode one record of a recording, newline included."""
    return _encoder.encode(record) + b"\n"


def decode_recording(lines: Iterable[bytes]) -> Recording:
    """Decode a recording; damage after the header costs only what it hit.

    Raises:
        RecordingError: the first line is no header, or of a newer format.

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
        try:
            record = _line_decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
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
    except (msgspec.DecodeError, UnicodeDecodeError):
        declared = None
    if not isinstance(declared, dict) or declared.get("record") != "header":
        raise RecordingError(
            "not a diag recording: its first line is no header",
            hint="recordings are written by `diag attach --record FILE`",
        )
    number = declared.get("format")
    if not isinstance(number, int) or number > FORMAT:
        raise RecordingError(
            f"recording has format {number!r}, this diag reads up to {FORMAT}",
            hint="upgrade diag",
        )
    try:
        return msgspec.convert(declared, Header)
    except msgspec.ValidationError as error:
        raise RecordingError(f"the recording's header is damaged: {error}") from error


def _describe_damage(lines: list[int]) -> str | None:
    if not lines:
        return None
    shown = ", ".join(map(str, lines[:5])) + (", ..." if len(lines) > 5 else "")
    return f"{len(lines)} line(s) could not be decoded and were left out: {shown}"
