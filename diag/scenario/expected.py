"""Compares a report with what the label of the variant expects."""

from enum import StrEnum

from diag.model.base import Record
from diag.model.finding import Confidence, Finding, Severity
from diag.model.report import Report
from diag.scenario.labels import Expected, Variant

_SURENESS = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.PROVEN)


class Score(StrEnum):
    """How a report compares with the label."""

    FOUND = "found"
    MISSED = "missed"
    WRONG_CAUSE = "wrong cause"  # an error is reported, but not this one
    FALSE_ALARM = "false alarm"
    CLEAN = "clean"  # nothing is to be found, and nothing is
    NO_RULE = "no rule yet"


class Check(Record, frozen=True):
    """One expectation, and how it was met.

    Attributes:
        score: the answer.
        text: the expectation in words.

    """

    score: Score
    text: str


def check(variant: Variant, report: Report) -> tuple[Check, ...]:
    """Return one check for each expectation of the label, and for each false alarm."""
    alarms = [
        Check(score=Score.FALSE_ALARM, text=f"{finding.rule}: {finding.title}")
        for finding in report.findings
        if finding.rule in variant.must_not_find
    ]
    if not variant.expects:
        clean = Check(score=Score.CLEAN, text="nothing to be found")
        return tuple(alarms) or (clean,)
    return (*(_met(expected, report) for expected in variant.expects), *alarms)


def _met(expected: Expected, report: Report) -> Check:
    who = f" in {expected.function}()" if expected.function else ""
    text = f"{expected.rule} ({expected.confidence}){who}"
    if any(_fits(expected, finding) for finding in report.findings):
        return Check(score=Score.FOUND, text=text)
    if not expected.rule_available:
        return Check(score=Score.NO_RULE, text=text)
    wrong = any(finding.severity is Severity.ERROR for finding in report.findings)
    return Check(score=Score.WRONG_CAUSE if wrong else Score.MISSED, text=text)


def _fits(expected: Expected, finding: Finding) -> bool:
    sure = _SURENESS.index(finding.confidence) >= _SURENESS.index(expected.confidence)
    places = (finding.primary, *finding.related)
    functions = {_last(place.function) for place in places}
    roles = {place.process_role for place in places}
    return (
        finding.rule == expected.rule
        and sure
        and expected.function in {None, *functions}
        and expected.role in {None, *roles}
    )


def _last(function: str | None) -> str | None:
    """Return the name itself: newer Pythons report the qualified one."""
    return function.rpartition(".")[2] if function else None
