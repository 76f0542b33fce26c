"""From findings to a verdict and a headline, and from a report to an exit status."""

from collections.abc import Iterable

from diag.errors import ExitStatus
from diag.model.finding import Confidence, Finding, Severity
from diag.model.report import Report, Verdict
from diag.model.snapshot import Snapshot
from diag.rules.registry import RULES

_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_CONFIDENCES = (Confidence.PROVEN, Confidence.LIKELY, Confidence.POSSIBLE)
_RULE_ORDER = {rule.id: number for number, rule in enumerate(RULES)}


def gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings: by severity, by confidence, then in the order of the registry."""
    return tuple(sorted(findings, key=_weight))


def _weight(finding: Finding) -> tuple[int, int, int]:
    return (
        _SEVERITIES.index(finding.severity),
        _CONFIDENCES.index(finding.confidence),
        _RULE_ORDER.get(finding.rule, len(_RULE_ORDER)),
    )


def verdict(findings: tuple[Finding, ...], *, root_was_read: bool) -> Verdict:
    """Return the answer in one word.

    An error means that something can never go on, a warning that it goes badly.
    Without findings the tree is healthy only if its root could be read.
    """
    severities = {finding.severity for finding in findings}
    if Severity.ERROR in severities:
        return Verdict.HUNG
    if Severity.WARNING in severities:
        return Verdict.DEGRADED
    return Verdict.HEALTHY if root_was_read else Verdict.UNKNOWN


def headline(
    answer: Verdict, findings: tuple[Finding, ...], tree: Snapshot, note: str | None = None
) -> str:
    """Return the answer in one line, of a healthy tree with a note."""
    if findings:
        return headline_of(findings)
    count = len(tree.processes)
    processes = "1 process" if count == 1 else f"{count} processes"
    if answer is Verdict.UNKNOWN:
        return f"the waits of the target could not be read ({processes} seen)"
    healthy = f"no thread of {processes} is stuck for good"
    return f"{healthy}; {note}" if note is not None else healthy


def headline_of(findings: tuple[Finding, ...]) -> str:
    """Return the gravest of one or more findings in one line, and how many more there are."""
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return findings[0].title + more


def exit_status(report: Report, fail_on: str) -> int:
    """Return the exit status that a report deserves.

    Args:
        report: the judgement.
        fail_on: one of FAIL_ON: the least severity that counts.

    """
    counting = {"error": _SEVERITIES[:1], "warning": _SEVERITIES[:2], "never": ()}[fail_on]
    if any(finding.severity in counting for finding in report.findings):
        return ExitStatus.FINDINGS
    return ExitStatus.OK
