"""A process tree at one moment."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from diag.model.base import Record, UnixTime
from diag.model.channel import Channel
from diag.model.gap import Gap
from diag.model.ids import ProcessId, ThreadId
from diag.model.process import Process
from diag.model.thread import Thread


class Snapshot(Record, frozen=True, tag="snapshot", tag_field="record"):
    """Everything one sweep saw.

    The reads of a sweep are not simultaneous: each thread says when it was read.

    Attributes:
        root: the target.
        taken_at_unix_s: wall-clock time at the start of the sweep.
        started_s: CLOCK_MONOTONIC at the start of the sweep.
        ended_s: CLOCK_MONOTONIC at its end.
        processes: the root first, each parent before its children.
        context: ancestors of the root, outside the tree, read because the root
            was forked from them; they are not judged.
        ancestors: pids of all processes above the root, the nearest first, as far as
            they could be read.
        channels: what threads of the tree wait on through descriptors.
        gaps: what could not be read, apart from the gaps of single processes.
        confirms_s: `started_s` of the look that this one confirms: a bare sweep that
            tells who has moved since; None for a look of its own.
        still_s: for how long no thread of the tree had run before the look, in seconds of
            CPU time offered; only where a watch was not to put up with that any longer.

    """

    root: ProcessId
    taken_at_unix_s: UnixTime
    started_s: float
    ended_s: float
    processes: Annotated[tuple[Process, ...], msgspec.Meta(min_length=1)]
    context: tuple[Process, ...] = ()
    ancestors: tuple[int, ...] = ()
    channels: tuple[Channel, ...] = ()
    gaps: tuple[Gap, ...] = ()
    confirms_s: float | None = None
    still_s: float | None = None

    def process(self, pid: int) -> Process | None:
        """Return the process of the tree with this pid, or None."""
        return next((process for process in self.processes if process.pid == pid), None)

    def threads(self) -> Iterator[tuple[ThreadId, Process, Thread]]:
        """Yield every thread of the tree with its process."""
        for process in self.processes:
            for thread in process.threads:
                yield ThreadId(process.pid, thread.tid), process, thread
