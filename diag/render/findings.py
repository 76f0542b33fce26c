"""Findings on a terminal page: the chain, the victims, the fix, the evidence."""

from collections import defaultdict

from diag.model.finding import Finding, Location, Severity, Source
from diag.render.page import Page
from diag.render.places import Places, who
from diag.render.units import capped
from diag.render.variables import Variables, variable_lines

SEVERITY_STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.INFO: "bold cyan",
}
_SOURCES = {
    Source.OBSERVED: "kernel",
    Source.READ: "memory",
    Source.INFERRED: "inferred",
}
_SOURCE_WIDTH = max(map(len, _SOURCES.values())) + 2
MOST_LINKS = 12
MOST_VICTIM_PLACES = 4
MOST_VICTIMS = 8
MOST_EVIDENCE = 8


def draw_finding(
    page: Page, finding: Finding, places: Places, variables: Variables, *, headline: str
) -> None:
    """Draw one finding; a title that was the headline of the page is not said again."""
    page.blank()
    label = f"{finding.severity.value.upper()} ({finding.confidence})"
    title = finding.rule if finding.title == headline else finding.title
    page.line((label, SEVERITY_STYLES[finding.severity]), (f"  {title}", "bold"))
    _draw_chain(page, finding, places)
    _draw_victims(page, finding, places)
    _draw_variables(page, finding, places, variables)
    _draw_paragraph(page, "Why", finding.explanation, "bold")
    _draw_paragraph(page, "Fix", finding.advice, "bold green")
    _draw_evidence(page, finding)
    page.line((f"More: diag rules {finding.rule}", "dim"), indent=2)


def _draw_chain(page: Page, finding: Finding, places: Places) -> None:
    if not finding.chain:
        page.line(who(finding.primary), (_spaced(places.where(finding.primary)), "cyan"), indent=2)
    for link in finding.chain[:MOST_LINKS]:
        where = places.where_waits(link)
        page.line(link.text, (_spaced(where), "cyan"), indent=2)
        for detail in link.details:
            page.line(detail, indent=4)
    _draw_rest(page, len(finding.chain) - MOST_LINKS, "steps", indent=2)


def _draw_victims(page: Page, finding: Finding, places: Places) -> None:
    shown = {link.waiter for link in finding.chain[:MOST_LINKS]} | {finding.primary}
    victims: dict[str, list[Location]] = defaultdict(list)
    for location in finding.related:
        if location not in shown:
            victims[places.where(location)].append(location)
    for where, locations in list(victims.items())[:MOST_VICTIM_PLACES]:
        names = capped([who(location) for location in locations], MOST_VICTIMS)
        page.line(("also: ", "dim"), names, (_spaced(where), "cyan"), indent=2)
    _draw_rest(page, len(victims) - MOST_VICTIM_PLACES, "places", indent=2)


def _draw_variables(page: Page, finding: Finding, places: Places, variables: Variables) -> None:
    for location, frame in variables.guilty(finding):
        of = f"Variables of {who(location)}"
        page.line((of, "bold"), (f" {places.in_frame(frame)}", "cyan"), indent=2)
        for line in variable_lines(frame):
            page.line(line, indent=4)


def _draw_paragraph(page: Page, label: str, text: str, style: str) -> None:
    if text:
        page.line((f"{label}: ", style), text, indent=2, hang=5)


def _draw_evidence(page: Page, finding: Finding) -> None:
    if not finding.evidence:
        return
    page.line(("Evidence:", "bold"), indent=2)
    for fact in finding.evidence[:MOST_EVIDENCE]:
        source = _SOURCES[fact.source].ljust(_SOURCE_WIDTH)
        page.line((source, "dim"), fact.text, indent=4, hang=_SOURCE_WIDTH)
    _draw_rest(page, len(finding.evidence) - MOST_EVIDENCE, "facts", indent=4)


def _draw_rest(page: Page, count: int, noun: str, *, indent: int) -> None:
    if count > 0:
        page.line((f"and {count} more {noun} (all of them with --json)", "dim"), indent=indent)


def _spaced(text: str) -> str:
    return f" {text}" if text else ""
