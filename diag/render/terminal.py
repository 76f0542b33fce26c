"""The report for people at a terminal: the verdict, why, the fix, then what it rests on."""

from diag.model.finding import Finding, Severity
from diag.model.gap import Gap
from diag.model.report import Report, Verdict
from diag.render.findings import draw_finding
from diag.render.limits import limit_lines
from diag.render.options import Options
from diag.render.page import Page
from diag.render.places import Places
from diag.render.pools import draw_pools
from diag.render.processes import draw_threads, draw_tree
from diag.render.units import plural

VERDICT_STYLES = {
    Verdict.HUNG: "bold red",
    Verdict.DEGRADED: "bold yellow",
    Verdict.HEALTHY: "bold green",
    Verdict.UNKNOWN: "bold magenta",
}
MOST_FINDINGS = 20
MOST_GAPS = 10


def render(report: Report, options: Options) -> str:
    """Draw a judged report."""
    page = Page(options)
    places = Places(report)
    _draw_verdict(page, report)
    for finding in report.findings[:MOST_FINDINGS]:
        draw_finding(page, finding, places, headline=report.headline)
    if len(report.findings) > MOST_FINDINGS:
        more = len(report.findings) - MOST_FINDINGS
        page.line((f"and {more} more findings (all of them with --json)", "dim"))
    draw_tree(page, report.processes)
    draw_pools(page, report)
    draw_threads(page, report, places)
    draw_limits(page, report)
    draw_coverage(page, report)
    return page.finish()


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
    seen = plural(observed.processes_seen, "process", "processes")
    page.heading(f"{observed.processes_read} of {seen} read")
    for gap in observed.gaps[:MOST_GAPS]:
        page.line(*_gap(gap), indent=2)
    if len(observed.gaps) > MOST_GAPS:
        more = len(observed.gaps) - MOST_GAPS
        page.line((f"and {more} more gaps (all of them with --json)", "dim"), indent=2)
    for skipped in report.skipped:
        page.line(
            "rule ", (skipped.rule, "bold"), f" was not run: it needs {skipped.needs}", indent=2
        )


def describe_target(report: Report) -> str:
    """Return what was looked at and for how long, in one line."""
    target, observed = report.target, report.observed
    command = " ".join(target.command) or target.name
    looks = "looked at once" if observed.looks == 1 else f"looked at {observed.looks} times"
    return f"{command} (pid {target.id.pid}), {looks} in {observed.duration_s:.1f} s"


def _draw_verdict(page: Page, report: Report) -> None:
    sure = _confidence(report)
    page.line(
        (report.verdict.value.upper(), VERDICT_STYLES[report.verdict]),
        (f" ({sure})" if sure else "", VERDICT_STYLES[report.verdict]),
        (f"  {report.headline}", "bold"),
    )
    page.line((describe_target(report), "dim"))


def _confidence(report: Report) -> str | None:
    grave = Severity.ERROR if report.verdict is Verdict.HUNG else Severity.WARNING
    if report.verdict not in (Verdict.HUNG, Verdict.DEGRADED):
        return None
    return next((found.confidence.value for found in report.findings if _is(found, grave)), None)


def _is(finding: Finding, severity: Severity) -> bool:
    return finding.severity in (severity, Severity.ERROR)


def _gap(gap: Gap) -> tuple[tuple[str, str], str]:
    whose = "" if gap.pid is None else f" of {gap.pid}"
    if gap.tid is not None and gap.tid != gap.pid:
        whose = f" of thread {gap.tid}{whose}"
    return (f"{gap.what}{whose}: ", "yellow"), gap.because
