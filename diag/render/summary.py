"""The answer of a report in a line or two: what every format begins with."""

from diag.model.finding import Severity
from diag.model.gap import Gap
from diag.model.report import Report, Verdict
from diag.render.units import plural

# With fewer nothing is judged, and nothing went wrong: a quick command ends before.
LOOKS_TO_JUDGE = 2


def answer(report: Report) -> str:
    """Return the verdict and how sure it is: "HUNG (proven)"."""
    sure = confidence(report)
    return report.verdict.value.upper() + (f" ({sure})" if sure else "")


def confidence(report: Report) -> str | None:
    """Return how sure the verdict is; None for one that needs no finding."""
    if report.verdict not in (Verdict.HUNG, Verdict.DEGRADED):
        return None
    grave = {Severity.ERROR}
    if report.verdict is Verdict.DEGRADED:
        grave.add(Severity.WARNING)
    found = (finding for finding in report.findings if finding.severity in grave)
    return next((finding.confidence.value for finding in found), None)


def describe_target(report: Report) -> str:
    """Return what was looked at and for how long, in one line."""
    target, observed = report.target, report.observed
    command = " ".join(target.command) or target.name
    looks = "looked at once" if observed.looks == 1 else f"looked at {observed.looks} times"
    return f"{command} (pid {target.id.pid}), {looks} in {observed.duration_s:.1f} s"


def describe_coverage(report: Report) -> str:
    """Return how much of the tree was read: "2 of 3 processes read"."""
    seen = plural(report.observed.processes_seen, "process", "processes")
    return f"{report.observed.processes_read} of {seen} read"


def not_run(report: Report) -> list[str]:
    """Say which rules were not run, and what they need; those that need the same in one line."""
    by_need: dict[str, list[str]] = {}
    for skipped in report.skipped:
        by_need.setdefault(skipped.needs, []).append(skipped.rule)
    return [
        f"rule {rules[0]} was not run: it needs {needs}"
        if len(rules) == 1
        else f"{len(rules)} rules were not run: they need {needs} ({', '.join(rules)})"
        for needs, rules in by_need.items()
    ]


def subject(gap: Gap) -> str:
    """Return what is missing, and of whom."""
    whose = "" if gap.pid is None else f" of {gap.pid}"
    if gap.tid is not None and gap.tid != gap.pid:
        whose = f" of thread {gap.tid}{whose}"
    return f"{gap.what}{whose}"
