"""What a watch is connected to, and what it comes to."""

from collections.abc import Callable
from typing import NamedTuple

from diag.model.codec import Line
from diag.model.finding import Finding
from diag.model.ids import ProcessId
from diag.model.recording import Recording
from diag.model.report import Report
from diag.watching.story import Story


class Hooks(NamedTuple):
    """What a watch is connected to.

    Attributes:
        judge: from two looks to a report.
        record: takes each line of the recording.
        show: takes the story whenever something of it has changed.
        found: takes a report with findings that are new, and these; not called for notes only.
        act: acts on a hang, given the report, the processes, and whether it is not a hang
            but the time that is over; returns whether it ended the target.

    """

    judge: Callable[[Recording], Report]
    record: Callable[[Line], None] = lambda _: None
    show: Callable[[Story], None] = lambda _: None
    found: Callable[[Report, tuple[Finding, ...]], None] = lambda _report, _new: None
    act: Callable[[Report | None, tuple[ProcessId, ...], bool], bool] = lambda *_: False


class Outcome(NamedTuple):
    """What a watch came to.

    Attributes:
        because: why it ended: "target exited", "interrupted", "done", "hang", "time out".
        report: the last one with findings, else the last; None if there was none.
        recording: the looks that it was judged from.

    """

    because: str
    report: Report | None
    recording: Recording
