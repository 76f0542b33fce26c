"""The baseline: findings that were there before, so that only new ones count."""

from pathlib import Path

import msgspec

from diag.errors import UsageError
from diag.model.base import Record
from diag.model.report import Report

FORMAT = 1
IN_BASELINE = "in the baseline"


class Entry(Record, frozen=True, omit_defaults=False):
    """A known finding; all but the fingerprint is for people who read the file."""

    fingerprint: str
    rule: str
    where: str
    title: str


class Baseline(Record, frozen=True, omit_defaults=False):
    """The file."""

    format: int
    findings: tuple[Entry, ...]


def encode_baseline(report: Report) -> str:
    """Return the baseline that makes every finding of a report a known one.

    Findings that the baseline knew before stay in it; those that an ignore entry names
    need no baseline, and keep none.
    """
    known = [ignored.finding for ignored in report.ignored if ignored.because == IN_BASELINE]
    entries = {
        finding.fingerprint: Entry(
            fingerprint=finding.fingerprint,
            rule=finding.rule,
            where=f"{finding.primary.function or '?'} in {finding.primary.file or '?'}",
            title=finding.title,
        )
        for finding in (*report.findings, *known)
    }
    ordered = sorted(entries.values(), key=lambda entry: (entry.rule, entry.where))
    text = msgspec.json.encode(Baseline(format=FORMAT, findings=tuple(ordered)))
    return msgspec.json.format(text, indent=2).decode("utf-8") + "\n"


def read_baseline(path: Path) -> frozenset[str]:
    """Return the fingerprints in a file.

    Raises:
        UsageError: it cannot be read, or is no baseline that this version knows.

    """
    try:
        baseline = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except OSError as error:
        raise UsageError(
            f"cannot read the baseline {path}: {error.strerror}",
            hint=f"make one with --write-baseline {path}",
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no baseline: {error}") from error
    if baseline.format != FORMAT:
        raise UsageError(f"{path} is a baseline of format {baseline.format}, not {FORMAT}")
    return frozenset(entry.fingerprint for entry in baseline.findings)
