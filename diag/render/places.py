"""Who and where, in words."""

import itertools
from pathlib import PurePosixPath

from diag.model.finding import Finding, Link, Location
from diag.model.report import ProcessView, Report
from diag.model.stack import Frame
from diag.model.thread import Thread

_LIBRARY_PARTS = frozenset({"site-packages", "dist-packages"})


class Places:
    """Puts the places of one report in words, with paths as short as its stacks know them."""

    def __init__(self, report: Report) -> None:
        self._short = {
            frame.file: frame.short_file
            for view in report.processes
            for thread in view.process.threads
            if thread.stack is not None
            for frame in thread.stack.frames
            if frame.short_file
        }

    def where(self, location: Location) -> str:
        """Return "in function (file:line)", as much of it as is known."""
        spot = ""
        if location.file is not None:
            spot = self._spot(location.file, location.line or 0)
        if location.function is None:
            return f"in {spot}" if spot else ""
        return f"in {location.function}" + (f" ({spot})" if spot else "")

    def where_waits(self, link: Link) -> str:
        """Return where the waiter of a link stands, "" if a detail says so already."""
        if link.waiter is None:
            return ""
        function = link.waiter.function
        if function is not None and any(f"{function} (" in detail for detail in link.details):
            return ""
        return self.where(link.waiter)

    def in_frame(self, frame: Frame) -> str:
        """Return "in function (file:line)" of a frame."""
        return f"in {frame.function} ({self.spot(frame)})"

    def spot(self, frame: Frame) -> str:
        """Return "file:line" of a frame."""
        return self._spot(frame.file, frame.line)

    def _spot(self, file: str, line: int) -> str:
        name = self._short.get(file, file)
        return f"{name}:{line}" if line else name


def who(location: Location) -> str:
    """Return "worker 2404", or 'thread "chatter" (tid 2403) of main 2402'."""
    owner = f"{location.process_role or 'process'} {location.pid}"
    if location.tid is None or location.tid == location.pid:
        return owner
    name = f'thread "{location.thread}"' if location.thread else "thread"
    return f"{name} (tid {location.tid}) of {owner}"


def who_runs(view: ProcessView, thread: Thread) -> str:
    """Return 'worker 2404, main thread', or 'main 2402, thread "chatter" (tid 2403)'."""
    owner = f"{view.role} {view.process.pid}"
    if thread.tid == view.process.pid:
        return f"{owner}, main thread"
    name = thread.stack.thread_name if thread.stack else None
    return f'{owner}, thread "{name or thread.name}" (tid {thread.tid})'


def anchor(finding: Finding) -> Location:
    """Return the place that a tool should mark: the guilty one, or the next in the project."""
    places = (finding.primary, *finding.related)
    inside = (place for place in places if place.file is not None and is_in_project(place.file))
    return next(inside, finding.primary)


def is_in_project(file: str) -> bool:
    """Whether a path is one of the project: reports hold those relative to its folder."""
    return not file.startswith(("/", "~", "<"))


def is_library(frame: Frame) -> bool:
    """Whether a frame belongs to the interpreter or to an installed package.

    By its path: the standard library lies in a folder named as its Python
    (`lib/python3.11`), packages in `site-packages`. What has no path at all is frozen or made
    by the interpreter (3.13 shows an entry named `__init__` where a class is called).
    """
    if frame.file.startswith("<") or not ("/" in frame.file or "." in frame.file):
        return True
    parts = PurePosixPath(frame.file).parts
    if not _LIBRARY_PARTS.isdisjoint(parts):
        return True
    return any(
        above in ("lib", "lib64") and part.startswith(("python3", "pypy3"))
        for above, part in itertools.pairwise(parts)
    )
