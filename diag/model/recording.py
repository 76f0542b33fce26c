"""A recording: what one look or one watch saw, a record a line.

Format history:
1   header, snapshot, sample, activity, error_line, end (0.1.0)
"""

from diag.model.base import Record
from diag.model.errorline import ErrorLine
from diag.model.host import Host
from diag.model.sample import Activity, Sample
from diag.model.snapshot import Snapshot

FORMAT = 1


class Header(Record, frozen=True, tag="header", tag_field="record"):
    """The first line.

    Attributes:
        format: number of the recording format.
        diag_version: of the program that recorded.
        host: the machine.
        started_at_unix_s: when recording began.

    """

    format: int
    diag_version: str
    host: Host
    started_at_unix_s: float


class End(Record, frozen=True, tag="end", tag_field="record"):
    """The last line of a recording that was closed in order.

    Attributes:
        because: why it ended: "done", "target exited", "interrupted".

    """

    because: str


class Recording(Record, frozen=True):
    """A recording in memory.

    Attributes:
        header: the first line.
        snapshots: in order of time.
        samples: in order of time.
        activities: in order of time.
        error_lines: in order of time.
        end: None if the recorder was cut off.
        damage: what of the file could not be used, in words; None if all could.

    """

    header: Header
    snapshots: tuple[Snapshot, ...]
    samples: tuple[Sample, ...] = ()
    activities: tuple[Activity, ...] = ()
    error_lines: tuple[ErrorLine, ...] = ()
    end: End | None = None
    damage: str | None = None
