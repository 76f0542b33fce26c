"""What a watch is connected to, and what it comes to."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from diag.model.codec import Line
from diag.model.finding import Finding
from diag.model.gap import Gap
from diag.model.ids import ProcessId
from diag.model.recording import Recording
from diag.model.report import Report, Verdict
from diag.watching.story import Story


def _place(finding: Finding) -> tuple[object, ...]:
    return finding.rule, finding.primary.pid, finding.primary.tid


class Hooks(NamedTuple):
    """What a watch is connected to.

    Attributes:
        judge: from two looks to a report.
        record: takes each line of the recording.
        show: takes the story whenever something of it has changed.
        found: takes a report with findings that are new, and these; not called for notes only.
        trouble: what stays the same of a finding from look to look; the default knows no rules.
        act: acts on a hang, given the report, the processes, and whether it is not a hang
            but the time that is over; returns whether it ended the target.

    """

    judge: Callable[[Recording], Report]
    record: Callable[[Line], None] = lambda _: None
    show: Callable[[Story], None] = lambda _: None
    found: Callable[[Report, tuple[Finding, ...]], None] = lambda _report, _new: None
    trouble: Callable[[Finding], tuple[object, ...]] = _place
    act: Callable[[Report | None, tuple[ProcessId, ...], bool], bool] = lambda *_: False


class Outcome(NamedTuple):
    """What a watch came to.

    Attributes:
        because: why it ended: "target exited", "interrupted", "done", "hang", "time out".
        report: the last one with findings, else the last; None if there was none.
        recording: the looks that it was judged from.
        lost: why the last look was not permitted; the report is of an earlier one then.

    """

    because: str
    report: Report | None
    recording: Recording
    lost: Gap | None = None


def still_true(report: Report | None, lost: Gap | None) -> Report | None:
    """Return what holds of the last report after rights were lost: who was healthy may not be."""
    if report is None or lost is None:
        return report
    gaps = (*report.observed.gaps, lost)
    report = replace(report, observed=replace(report.observed, gaps=gaps))
    if report.verdict is not Verdict.HEALTHY:
        return report
    headline = f"{report.headline} at the last look that was permitted"
    return replace(report, verdict=Verdict.UNKNOWN, headline=headline)
