"""Annotations for GitHub Actions: workflow commands, one a finding, on the guilty line.

The commands and their escaping are those of GitHub's documentation ("Workflow commands for
GitHub Actions") and of its toolkit (packages/core/src/command.ts).
"""

from diag.model.finding import Finding, Location, Severity
from diag.model.report import Report, Verdict
from diag.render.escape import visible
from diag.render.options import Options
from diag.render.places import Places, anchor, is_in_project
from diag.render.summary import LOOKS_TO_JUDGE, answer, describe_coverage, subject

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_VERDICTS = {
    Verdict.HUNG: "error",
    Verdict.DEGRADED: "warning",
    Verdict.HEALTHY: "notice",
    Verdict.UNKNOWN: "warning",
}
MOST_LINKS = 8
MOST_GAPS = 5


def render(report: Report, _options: Options) -> str:
    """Return a workflow command for each finding, or one that says that there is none."""
    places = Places(report)
    lines = [_annotation(finding, places) for finding in report.findings]
    if not lines:
        level = "notice" if report.observed.looks < LOOKS_TO_JUDGE else _VERDICTS[report.verdict]
        lines.append(_command(level, {"title": "diag"}, _verdict(report)))
    if report.ignored:
        count = f"{len(report.ignored)} ignored by the project's policy"
        names = ", ".join(dict.fromkeys(ignored.finding.rule for ignored in report.ignored))
        lines.append(_command("notice", {"title": "diag"}, [f"findings: {count} ({names})"]))
    return "\n".join(lines) + "\n"


def _annotation(finding: Finding, places: Places) -> str:
    properties = _where(anchor(finding))
    properties["title"] = f"{finding.title} ({finding.rule}, {finding.confidence.value})"
    lines = []
    for link in finding.chain[:MOST_LINKS]:
        lines.append(f"{link.text} {places.where_waits(link)}".rstrip())
        lines.extend(f"  {detail}" for detail in link.details)
    if len(finding.chain) > MOST_LINKS:
        lines.append(f"and {len(finding.chain) - MOST_LINKS} more steps")
    lines.extend([finding.explanation, f"Fix: {finding.advice}"])
    return _command(_COMMANDS[finding.severity], properties, lines)


def _where(location: Location) -> dict[str, str]:
    """Return the properties that put an annotation on a line; a place elsewhere has none."""
    if location.file is None or not is_in_project(location.file):
        return {}
    line = {"line": str(location.line)} if location.line else {}
    return {"file": location.file, **line}


def _verdict(report: Report) -> list[str]:
    gaps = report.observed.gaps
    lines = [f"{answer(report)}: {report.headline}", describe_coverage(report)]
    lines.extend(f"{subject(gap)}: {gap.because}" for gap in gaps[:MOST_GAPS])
    if len(gaps) > MOST_GAPS:
        lines.append(f"and {len(gaps) - MOST_GAPS} more gaps")
    return lines


def _command(name: str, properties: dict[str, str], lines: list[str]) -> str:
    settings = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = "%0A".join(_data(line) for line in lines if line)
    return f"::{name} {settings}::{message}"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
