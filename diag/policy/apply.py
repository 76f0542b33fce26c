"""A policy, applied to a report: paths as the project knows them, known findings set apart."""

import msgspec

from diag.model.base import Record
from diag.model.finding import Finding
from diag.model.report import Ignored, Report, Verdict
from diag.policy.baseline import IN_BASELINE
from diag.policy.fingerprint import fingerprint, waits_in
from diag.policy.judgement import headline_of, verdict
from diag.policy.paths import shorten
from diag.policy.settings import Ignore
from diag.render.units import plural


class Policy(Record, frozen=True):
    """What a project makes of a report.

    Attributes:
        ignore: findings that do not count; the first that fits gives the reason.
        baseline: fingerprints of findings that were there before.
        project: absolute path that paths in the report become relative to, None for
            none: then they stay as they are.
        homes: home directories, which become "~".

    """

    ignore: tuple[Ignore, ...] = ()
    baseline: frozenset[str] = frozenset()
    project: str | None = None
    homes: tuple[str, ...] = ()


def apply(report: Report, policy: Policy) -> Report:
    """Return the report with fingerprints and short paths, and without what is ignored.

    What is ignored stays in the report, counted and with the reason, in `ignored`.
    """
    report = shorten(report, project=policy.project, homes=policy.homes)
    kept: list[Finding] = []
    ignored: list[Ignored] = list(report.ignored)
    waits = waits_in(report)
    for finding in report.findings:
        known = msgspec.structs.replace(finding, fingerprint=fingerprint(waits, finding))
        because = _reason(known, policy)
        if because is None:
            kept.append(known)
        else:
            ignored.append(Ignored(finding=known, because=because))
    report = msgspec.structs.replace(report, findings=tuple(kept), ignored=tuple(ignored))
    return _judged_again(report) if ignored else report


def _reason(finding: Finding, policy: Policy) -> str | None:
    for entry in policy.ignore:
        if entry.fits(finding):
            return entry.reason
    return IN_BASELINE if finding.fingerprint in policy.baseline else None


def _judged_again(report: Report) -> Report:
    """Judge by the findings that are left; something was found, so the root was read."""
    if report.findings:
        answer, words = verdict(report.findings, root_was_read=True), headline_of(report.findings)
    else:
        answer = Verdict.HEALTHY
        words = f"nothing but {plural(len(report.ignored), 'finding')} that the project ignores"
    return msgspec.structs.replace(report, verdict=answer, headline=words)
