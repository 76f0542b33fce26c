"""What the page shows of a report: grouped, capped, and linked with each other."""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from diag.model.finding import Confidence, Finding, Link, Location, Source
from diag.model.graph import Edge, Node, Part
from diag.model.ids import ThreadId
from diag.model.report import ProcessView, Report, Verdict
from diag.model.stack import Frame
from diag.render.escape import visible
from diag.render.grouping import Group, Row, group_threads, tree_rows
from diag.render.limits import limit_lines
from diag.render.places import Places, is_library, who, who_runs
from diag.render.states import STATES
from diag.render.summary import answer, describe_coverage, describe_target, not_run, subject
from diag.render.units import capped, in_bytes, plural
from diag.render.variables import Variables, variable_lines

MOST_FINDINGS = 50
MOST_GROUPS = 150
MOST_FRAMES = 60
MOST_ROWS = 150
MOST_PIDS = 6
MOST_MEMBERS = 24
MOST_WAITS = 3
MOST_VICTIMS = 12
DEEPEST = 8

_MEANINGS = {
    Verdict.HUNG: "Part of this program can never go on. Waiting longer will not help.",
    Verdict.DEGRADED: "The program goes on, but something holds it back.",
    Verdict.HEALTHY: "Whatever waits here waits for something that can still come.",
    Verdict.UNKNOWN: "There is no judgement: see below what could not be seen.",
}
_SURE = {
    Confidence.PROVEN: "This is proven: it follows from what the kernel and the interpreter's"
    " memory say.",
    Confidence.LIKELY: "This is likely: several signs say so; something that could not be read"
    " might differ.",
    Confidence.POSSIBLE: "This is possible: one sign says so, take it as a hint.",
}
_SOURCES = {
    Source.OBSERVED: ("kernel", "the kernel says so"),
    Source.READ: ("memory", "read from the program's memory"),
    Source.INFERRED: ("inferred", "concluded from stacks or names"),
}
_PARTS = {
    Part.CAUSE: "cause",
    Part.VICTIM: "waits for the cause",
    Part.LIVE: "can go on",
    Part.ABSENT: "is missing",
}


class Stack(NamedTuple):
    """Threads with one stack, ready to be shown.

    Attributes:
        id: of its element.
        title: who has it.
        group: the threads and frames.
        part: "cause", "victim" or "", for the filters.
        members: the other threads of the group in words.

    """

    id: str
    title: str
    group: Group
    part: str
    members: tuple[str, ...]

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames that are shown, innermost first."""
        return self.group.frames[:MOST_FRAMES]

    @property
    def waits(self) -> str:
        """What they wait for."""
        return capped(self.group.waits, MOST_WAITS, separator="; ")


class Content:
    """The report as the template asks for it."""

    sources = _SOURCES
    parts = _PARTS
    subject = staticmethod(subject)
    who = staticmethod(who)
    is_library = staticmethod(is_library)
    plural = staticmethod(plural)
    variable_lines = staticmethod(variable_lines)

    def __init__(self, report: Report) -> None:
        self._report = report
        self.places = Places(report)
        self.variables = Variables(report)
        self.answer = answer(report)
        self.target = describe_target(report)
        self.coverage = describe_coverage(report)
        self.findings = report.findings[:MOST_FINDINGS]
        self.not_run = not_run(report)
        self.meaning = _MEANINGS[report.verdict]
        self._sources = {(source.file, source.line): source.text for source in report.sources}

    @property
    def sure(self) -> str:
        """How sure the verdict is, in a sentence; "" for a verdict without findings."""
        if self._report.verdict not in (Verdict.HUNG, Verdict.DEGRADED):
            return ""
        return _SURE[self._report.findings[0].confidence] if self._report.findings else ""

    def code(self, file: str | None, line: int | None) -> str:
        """Return the line of code at a place, "" where it is not at hand."""
        return self._sources.get((file or "", line or 0), "")

    @property
    def limits(self) -> tuple[str, ...]:
        """What the kernel lets the target use, a line each."""
        limits = self._report.limits
        return tuple(limit_lines(limits)) if limits is not None else ()

    @cached_property
    def part_of(self) -> dict[ThreadId, Part]:
        """What each thread of the graph has to do with the trouble."""
        graph = self._report.graph
        return {t: node.part for node in (graph.nodes if graph else ()) for t in node.threads}

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """Every stack once: causes first, then whoever is stuck, then the rest."""
        groups = group_threads(self._report.processes)
        ordered = sorted(groups, key=lambda group: self._part(group) != Part.CAUSE.value)
        return tuple(
            _stack(number, group, self._part(group))
            for number, group in enumerate(ordered[:MOST_GROUPS])
        )

    @property
    def stacks_left_out(self) -> int:
        """Number of stacks that are not shown."""
        return len(group_threads(self._report.processes)) - len(self.stacks)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The process tree."""
        return tree_rows(self._report.processes)

    @property
    def shown_rows(self) -> tuple[Row, ...]:
        """The rows that are shown: the stuck ones in any case."""
        if len(self.rows) <= MOST_ROWS:
            return self.rows
        room = MOST_ROWS - sum(row.stuck for row in self.rows)
        calm = [row for row in self.rows if not row.stuck][: max(room, 0)]
        kept = {id(row) for row in calm}
        return tuple(row for row in self.rows if row.stuck or id(row) in kept)[:MOST_ROWS]

    def row_part(self, row: Row) -> str:
        """Return "cause", "victim" or "" for the filters."""
        parts = {
            self.part_of.get(ThreadId(view.process.pid, thread.tid))
            for view in row.views
            for thread in view.process.threads
        }
        return next((part.value for part in (Part.CAUSE, Part.VICTIM) if part in parts), "")

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

    def title(self, finding: Finding) -> str:
        """Return the title of a finding; what the headline says is not said again."""
        if not self._report.headline.startswith(finding.title):
            return finding.title
        return next(
            (rule.title for rule in self._report.rules if rule.id == finding.rule), finding.title
        )

    def causes(self, finding: Finding) -> tuple[Link, ...]:
        """Return the part of a chain that is the trouble itself."""
        return finding.chain[: self._first_follower(finding)]

    def followers(self, finding: Finding) -> tuple[Link, ...]:
        """Return the part of a chain that only waits for the trouble to end."""
        return finding.chain[self._first_follower(finding) :]

    def _first_follower(self, finding: Finding) -> int:
        """Return where the victims begin: a chain leads from the cause to them."""
        waiters = [link.waiter for link in finding.chain]
        threads = [w and ThreadId(w.pid, w.tid or w.pid) for w in waiters]
        follows = (n for n, t in enumerate(threads) if t and self.part_of.get(t) is Part.VICTIM)
        return next(follows, len(threads))

    def victims(self, finding: Finding) -> tuple[str, ...]:
        """Return who else waits, and is not in the chain of the finding, a line for each place."""
        shown = {link.waiter for link in finding.chain} | {finding.primary}
        by_place: dict[str, list[Location]] = {}
        for location in finding.related:
            thread = ThreadId(location.pid, location.tid or location.pid)
            if location not in shown and self.part_of.get(thread) is not Part.CAUSE:
                by_place.setdefault(self.places.where(location), []).append(location)
        return tuple(
            f"{capped([who(location) for location in locations], MOST_VICTIMS)} {where}".strip()
            for where, locations in by_place.items()
        )[:MOST_VICTIMS]

    @property
    def waits_in_words(self) -> tuple[str, ...]:
        """The graph as sentences: the text alternative of its picture."""
        graph = self._report.graph
        if graph is None:
            return ()
        return tuple(_sentences(graph.nodes, graph.edges, self.places))

    def graph_data(self) -> dict[str, object]:
        """Return what the script draws the graph from."""
        graph = self._report.graph
        nodes = graph.nodes if graph is not None else ()
        return {
            "nodes": [self._node(node) for node in nodes],
            "edges": [
                {
                    "waiter": edge.waiter,
                    "waker": edge.waker,
                    "label": visible(edge.label),
                    "source": edge.source,
                }
                for edge in (graph.edges if graph is not None else ())
            ],
        }

    def _node(self, node: Node) -> dict[str, str]:
        place = self.places.where(node.place) if node.place is not None else ""
        thread = node.threads[0] if node.threads else None
        stack = next((s.id for s in self.stacks if thread is not None and _has(s, thread)), "")
        return {
            "id": node.id,
            "part": node.part.value,
            "tag": _PARTS[node.part],
            "label": visible(node.label),
            "waits": visible(node.waits),
            "place": visible(place),
            "stack": stack,
        }

    def _part(self, group: Group) -> str:
        parts = {
            self.part_of.get(ThreadId(view.process.pid, thread.tid))
            for view, thread in group.members
        }
        return next((part.value for part in (Part.CAUSE, Part.VICTIM) if part in parts), "")


def _stack(number: int, group: Group, part: str) -> Stack:
    members = [who_runs(*member) for member in group.members]
    if len(members) == 1:
        return Stack(f"stack-{number}", members[0], group, part, ())
    roles = ", ".join(dict.fromkeys(view.role for view, _ in group.members))
    hidden = len(members) - MOST_MEMBERS
    more = (f"and {hidden} more",) if hidden > 0 else ()
    title = f"{len(members)} threads of {roles}"
    return Stack(f"stack-{number}", title, group, part, (*members[:MOST_MEMBERS], *more))


def _has(stack: Stack, thread_id: ThreadId) -> bool:
    return any(
        (view.process.pid, thread.tid) == tuple(thread_id) for view, thread in stack.group.members
    )


def _sentences(nodes: tuple[Node, ...], edges: tuple[Edge, ...], places: Places) -> Iterator[str]:
    by_id = {node.id: node for node in nodes}
    for node in nodes:
        if node.part is Part.ABSENT:
            continue
        where = f" {places.where(node.place)}" if node.place is not None else ""
        wakers = [by_id[edge.waker] for edge in edges if edge.waiter == node.id]
        missing = [waker.label for waker in wakers if waker.part is Part.ABSENT]
        present = [waker.label for waker in wakers if waker.part is not Part.ABSENT]
        whom = f"; nobody can wake it: {'; '.join(missing)}" if missing else ""
        whom += f"; it waits for: {'; '.join(present)}" if present else ""
        yield f"{_PARTS[node.part]}: {node.label}{where} {node.waits}{whom}"
