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
    DID_NOT_RUN = "did not run"


class Check(Record, frozen=True):
    """One expectation, and how it was met.

    Attributes:
        score: the answer.
        text: the expectation in words.
        by_rule: the more general rule that has met it; None if it was the expected one.

    """

    score: Score
    text: str
    by_rule: str | None = None


def check(variant: Variant, report: Report) -> tuple[Check, ...]:
    """Return one check for each expectation of the label, and for each false alarm."""
    met = tuple(_met(expected, report) for expected in variant.expects)
    alarms = tuple(
        Check(score=Score.FALSE_ALARM, text=f"{finding.rule}: {finding.title}")
        for finding in report.findings
        if _is_alarm(variant, finding, right=all(each.score is Score.FOUND for each in met))
    )
    return (*met, *alarms) or (Check(score=Score.CLEAN, text="nothing to be found"),)


def _is_alarm(variant: Variant, finding: Finding, *, right: bool) -> bool:
    """Whether a finding is wrong by itself, not instead of the right one."""
    if finding.rule in variant.must_not_find:
        return True
    known = {rule for each in variant.expects for rule in (each.rule, *each.or_rules)}
    return right and finding.severity is Severity.ERROR and finding.rule not in known


def _met(expected: Expected, report: Report) -> Check:
    who = f" in {expected.function}()" if expected.function else ""
    text = f"{expected.rule} ({expected.confidence}){who}"
    if any(_fits(expected, finding) for finding in report.findings):
        return Check(score=Score.FOUND, text=text)
    if rule := _more_general(expected, report):
        return Check(score=Score.FOUND, text=text, by_rule=rule)
    if any(finding.severity is Severity.ERROR for finding in report.findings):
        return Check(score=Score.WRONG_CAUSE, text=text)
    return Check(score=Score.MISSED if expected.rule_available else Score.NO_RULE, text=text)


def _fits(expected: Expected, finding: Finding) -> bool:
    places = (finding.primary, *finding.related)
    functions = {_last(place.function) for place in places}
    roles = {place.process_role for place in places}
    return (
        finding.rule == expected.rule
        and _sure(expected, finding)
        and expected.function in {None, *functions}
        and expected.role in {None, *roles}
    )


def _sure(expected: Expected, finding: Finding) -> bool:
    return _SURENESS.index(finding.confidence) >= _SURENESS.index(expected.confidence)


def _more_general(expected: Expected, report: Report) -> str | None:
    """Return the more general rule that has given a right answer, wherever it points."""
    for finding in report.findings:
        if finding.rule in expected.or_rules and _sure(expected, finding):
            return finding.rule
    return None


def _last(function: str | None) -> str | None:
    """Return the name itself: newer Pythons report the qualified one."""
    return function.rpartition(".")[2] if function else None
