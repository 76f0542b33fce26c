"""What the page shows of a report: grouped, capped, and linked with each other."""

from diag.model.finding import Confidence, Finding, Link, Location, Source
from diag.model.graph import Part
from diag.model.ids import ThreadId
from diag.model.report import Report, Verdict
from diag.render.html.parts import WORDS, Parts
from diag.render.html.picture import Picture
from diag.render.html.stacks import Stacks
from diag.render.html.tree import ProcessTree
from diag.render.limits import limit_lines
from diag.render.places import Places, is_library, who
from diag.render.summary import answer, describe_coverage, describe_target, not_run, subject
from diag.render.units import capped, plural
from diag.render.variables import Variables, variable_lines

MOST_FINDINGS = 50
MOST_VICTIMS = 12

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


class Content:
    """The report as the template asks for it."""

    sources = _SOURCES
    part_words = WORDS
    subject = staticmethod(subject)
    who = staticmethod(who)
    is_library = staticmethod(is_library)
    plural = staticmethod(plural)
    variable_lines = staticmethod(variable_lines)

    def __init__(self, report: Report) -> None:
        self._report = report
        self._parts = Parts(report)
        self.places = Places(report)
        self.stacks = Stacks(report, self._parts)
        self.tree = ProcessTree(report.processes, self._parts)
        self.picture = Picture(report.graph, self.places, self.stacks)
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
        follows = (n for n, t in enumerate(threads) if t and self._parts.of(t) is Part.VICTIM)
        return next(follows, len(threads))

    def victims(self, finding: Finding) -> tuple[str, ...]:
        """Return who else waits, and is not in the chain of the finding, a line for each place."""
        shown = {link.waiter for link in finding.chain} | {finding.primary}
        by_place: dict[str, list[Location]] = {}
        for location in finding.related:
            thread = ThreadId(location.pid, location.tid or location.pid)
            if location not in shown and self._parts.of(thread) is not Part.CAUSE:
                by_place.setdefault(self.places.where(location), []).append(location)
        return tuple(
            f"{capped([who(location) for location in locations], MOST_VICTIMS)} {where}".strip()
            for where, locations in by_place.items()
        )[:MOST_VICTIMS]
