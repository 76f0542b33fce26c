"""The report for people at a terminal: the verdict, why, the fix, then what it rests on."""

from diag.model.report import Report, Verdict
from diag.render.findings import draw_finding
from diag.render.limits import limit_lines
from diag.render.options import Options
from diag.render.page import Page
from diag.render.places import Places
from diag.render.pools import draw_pools
from diag.render.processes import draw_threads, draw_tree
from diag.render.summary import answer, describe_coverage, describe_target, not_run, subject
from diag.render.units import plural
from diag.render.variables import Variables

VERDICT_STYLES = {
    Verdict.HUNG: "bold red",
    Verdict.DEGRADED: "bold yellow",
    Verdict.HEALTHY: "bold green",
    Verdict.UNKNOWN: "bold magenta",
}
MOST_FINDINGS = 20
MOST_GAPS = 10
MOST_ERRORS = 10


def render(report: Report, options: Options) -> str:
    """Draw a judged report."""
    page = Page(options)
    places, variables = Places(report), Variables(report)
    _draw_verdict(page, report)
    for finding in report.findings[:MOST_FINDINGS]:
        draw_finding(page, finding, places, variables, headline=report.headline)
    if len(report.findings) > MOST_FINDINGS:
        more = len(report.findings) - MOST_FINDINGS
        page.line((f"and {more} more findings (all of them with --json)", "dim"))
    _draw_errors(page, report)
    draw_tree(page, report.processes)
    draw_pools(page, report)
    draw_threads(page, report, places)
    draw_limits(page, report)
    draw_coverage(page, report)
    _draw_ignored(page, report)
    return page.finish()


def _draw_errors(page: Page, report: Report) -> None:
    """Draw what the command complained of itself."""
    if not report.errors:
        return
    page.heading("On its standard error")
    for note in report.errors[:MOST_ERRORS]:
        page.line((f"after {note.after_s:.1f} s: ", "yellow"), note.text, indent=2)
        for fact in note.measured:
            page.line(fact, indent=4)
    if len(report.errors) > MOST_ERRORS:
        more = len(report.errors) - MOST_ERRORS
        page.line((f"and {more} more (all of them with --json)", "dim"), indent=2)


def draw_limits(page: Page, report: Report) -> None:
    """Draw what the kernel lets the root of the tree use."""
    if report.limits is None:
        return
    page.heading("Limits")
    for line in limit_lines(report.limits):
        page.line(line, indent=2)


def draw_coverage(page: Page, report: Report) -> None:
    """Draw how much of the tree was read, the reason for each hole, the rules left out."""
    observed = report.observed
    page.heading(describe_coverage(report))
    for gap in observed.gaps[:MOST_GAPS]:
        page.line((f"{subject(gap)}: ", "yellow"), gap.because, indent=2)
    if len(observed.gaps) > MOST_GAPS:
        more = len(observed.gaps) - MOST_GAPS
        page.line((f"and {more} more gaps (all of them with --json)", "dim"), indent=2)
    for line in not_run(report):
        page.line(line, indent=2)


def _draw_ignored(page: Page, report: Report) -> None:
    """Draw what does not count because the project says so."""
    if not report.ignored:
        return
    page.heading(f"{plural(len(report.ignored), 'finding')} ignored by the project")
    for ignored in report.ignored[:MOST_FINDINGS]:
        rule = (f"{ignored.finding.rule} ", "bold")
        page.line(rule, f"{ignored.finding.title} ({ignored.because})", indent=2)


def _draw_verdict(page: Page, report: Report) -> None:
    page.line(
        (answer(report), VERDICT_STYLES[report.verdict]),
        (f"  {report.headline}", "bold"),
    )
    page.line((describe_target(report), "dim"))
