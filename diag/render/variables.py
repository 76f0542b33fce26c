"""Values of variables beside the places that matter, where `--show-locals` recorded them."""

from collections.abc import Iterator

from diag.model.finding import Finding, Location
from diag.model.report import Report
from diag.model.stack import Frame

MOST_PLACES = 4


class Variables:
    """Finds the frames of one report that have variables."""

    def __init__(self, report: Report) -> None:
        self._frames = {
            (view.process.pid, thread.tid): frames
            for view in report.processes
            for thread in view.process.threads
            if thread.stack is not None
            and (frames := [frame for frame in thread.stack.frames if frame.variables])
        }

    def __bool__(self) -> bool:
        return bool(self._frames)

    def guilty(self, finding: Finding) -> Iterator[tuple[Location, Frame]]:
        """Yield the guilty place and those of its chain, each with its frame, a few of them."""
        waiters = (link.waiter for link in finding.chain if link.waiter is not None)
        found = 0
        for place in dict.fromkeys((finding.primary, *waiters)):
            frame = self._at(place)
            if frame is not None and found < MOST_PLACES:
                found += 1
                yield place, frame

    def _at(self, place: Location) -> Frame | None:
        """Return the frame of a place, else the innermost of its thread that has variables."""
        frames = self._frames.get((place.pid, place.tid or place.pid), ())
        spot = (place.function, place.file, place.line)
        same = (frame for frame in frames if (frame.function, frame.file, frame.line) == spot)
        return next(same, frames[0] if frames else None)


def variable_lines(frame: Frame) -> list[str]:
    """Return "name = value" for each variable of a frame; not escaped."""
    lines = [f"{variable.name} = {variable.value}" for variable in frame.variables]
    if frame.variables_left_out:
        lines.append(f"and {frame.variables_left_out} more")
    return lines
