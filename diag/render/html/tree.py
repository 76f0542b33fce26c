"""The process tree on the page, a row for processes that are alike."""

from functools import cached_property

from diag.model.report import ProcessView
from diag.render.grouping import Row, tree_rows
from diag.render.html.parts import Parts
from diag.render.states import STATES
from diag.render.units import capped, in_bytes

MOST_ROWS = 150
MOST_PIDS = 6
DEEPEST = 8


class ProcessTree:
    """The rows and what stands in them."""

    def __init__(self, views: tuple[ProcessView, ...], parts: Parts) -> None:
        self._views, self._parts = views, parts

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The process tree."""
        return tree_rows(self._views)

    @property
    def shown(self) -> tuple[Row, ...]:
        """The rows that are shown: the stuck ones in any case."""
        if len(self.rows) <= MOST_ROWS:
            return self.rows
        room = MOST_ROWS - sum(row.stuck for row in self.rows)
        calm = [row for row in self.rows if not row.stuck][: max(room, 0)]
        kept = {id(row) for row in calm}
        return tuple(row for row in self.rows if row.stuck or id(row) in kept)[:MOST_ROWS]

    def part(self, row: Row) -> str:
        """Return "cause", "victim" or "" for the filters."""
        return self._parts.among(
            (view.process, thread) for view in row.views for thread in view.process.threads
        )

    def pids(self, row: Row) -> str:
        """Return the pids of a row, the first few of them."""
        return capped([str(view.process.pid) for view in row.views], MOST_PIDS)

    def depth(self, row: Row) -> int:
        """Return how far in a row stands."""
        return min(row.depth, DEEPEST)

    def state(self, view: ProcessView) -> str:
        """Return the state of a process in words."""
        return STATES.get(view.process.state, view.process.state)

    def memory(self, row: Row) -> str:
        """Return the resident memory of the processes of a row together, "" if unknown."""
        sizes = [view.process.rss_bytes for view in row.views]
        known = [size for size in sizes if size is not None]
        return in_bytes(sum(known)) if len(known) == len(sizes) else ""

    def python(self, view: ProcessView) -> str:
        """Return the interpreter of a process, its program's name where it has none."""
        python = view.process.interpreter
        if python is None:
            return view.process.name
        variant = f" {python.variant}" if python.variant else ""
        return f"{python.implementation} {python.version}{variant}"
