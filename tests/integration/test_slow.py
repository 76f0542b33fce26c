"""What diag says of programs that are slow or dying, and of healthy ones in the same shapes."""

from collections.abc import Callable

import pytest

from diag.model.finding import Severity
from diag.model.report import Verdict
from tests.integration.test_verdicts import Case, Outcome, cases, fits, outcome_of, told

__all__ = ["outcome_of"]


@pytest.mark.parametrize("case", cases("slow"), ids=lambda case: case.label)
def test_a_slow_program_is_named_with_its_limit(
    case: Case, outcome_of: Callable[[Case], Outcome]
) -> None:
    report = outcome_of(case).report
    assert report.verdict is Verdict.DEGRADED, report.headline
    warnings = [f for f in report.findings if f.severity is Severity.WARNING]
    for expected in case.program.findings:
        assert any(fits(finding, expected) for finding in warnings), told(warnings)
    for finding in warnings:
        assert any(fits(finding, each) for each in case.program.findings), told([finding])
        assert finding.evidence


@pytest.mark.parametrize("case", cases("slow_healthy"), ids=lambda case: case.label)
def test_its_healthy_twin_is_left_in_peace(
    case: Case, outcome_of: Callable[[Case], Outcome]
) -> None:
    report = outcome_of(case).report
    assert report.verdict is Verdict.HEALTHY, told(report.findings)
    assert not report.findings, told(report.findings)
