import pytest

from diag.model.finding import Confidence, Finding, Location, Severity
from diag.model.ids import ProcessId
from diag.model.report import Observed, Report, Target, Verdict
from diag.scenario import expected
from diag.scenario.expected import Score
from diag.scenario.labels import Expected, Kind, Variant

WANTED = Expected(
    rule="orphaned-lock", confidence=Confidence.PROVEN, role="worker", function="handle_order"
)


def finding(
    rule: str = "orphaned-lock",
    confidence: Confidence = Confidence.PROVEN,
    function: str = "handle_order",
    role: str = "worker",
    severity: Severity = Severity.ERROR,
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        confidence=confidence,
        title="a title",
        explanation="",
        advice="",
        primary=Location(pid=2, process_role=role, function=function),
    )


def report(*findings: Finding) -> Report:
    return Report(
        diag_version="0",
        verdict=Verdict.UNKNOWN,
        headline="",
        target=Target(id=ProcessId(pid=1, start_ticks=1), name="python", command=()),
        observed=Observed(
            started_at_unix_s=0.0,
            duration_s=1.0,
            looks=2,
            processes_seen=1,
            processes_read=1,
            gaps=(),
        ),
        findings=findings,
        skipped=(),
        processes=(),
    )


def broken(*wanted: Expected) -> Variant:
    return Variant(name="v", kind=Kind.BROKEN, about="", script="v.py", expects=wanted)


@pytest.mark.parametrize(
    ("findings", "score"),
    [
        ([finding()], Score.FOUND),
        ([finding(function="Shop.handle_order")], Score.FOUND),
        ([finding(rule="zombies", severity=Severity.WARNING), finding()], Score.FOUND),
        ([finding(confidence=Confidence.LIKELY)], Score.WRONG_CAUSE),
        ([finding(function="main")], Score.WRONG_CAUSE),
        ([finding(role="parent")], Score.WRONG_CAUSE),
        ([finding(rule="lock-cycle")], Score.WRONG_CAUSE),
        ([finding(rule="lock-cycle", severity=Severity.WARNING)], Score.MISSED),
        ([], Score.MISSED),
    ],
)
def test_an_expectation_is_met_by_rule_confidence_and_place(
    findings: list[Finding], score: Score
) -> None:
    (check,) = expected.check(broken(WANTED), report(*findings))
    assert check.score is score
    assert "orphaned-lock (proven) in handle_order()" in check.text


def test_the_place_may_be_a_related_one() -> None:
    worker = finding().primary
    elsewhere = finding(function="main", role="parent")
    both = type(elsewhere)(
        **{name: getattr(elsewhere, name) for name in elsewhere.__struct_fields__}
        | {"related": (worker,)}
    )
    (check,) = expected.check(broken(WANTED), report(both))
    assert check.score is Score.FOUND


def test_a_rule_that_is_not_built_is_neither_found_nor_missed() -> None:
    later = Expected(rule="no-such-rule", confidence=Confidence.LIKELY)
    warning = finding(severity=Severity.WARNING)
    for known in (report(), report(warning)):
        assert [each.score for each in expected.check(broken(later), known)] == [Score.NO_RULE]


def test_an_error_instead_of_it_is_wrong_even_if_the_right_rule_is_not_built() -> None:
    later = Expected(rule="no-such-rule", confidence=Confidence.LIKELY)
    (check,) = expected.check(broken(later), report(finding()))
    assert check.score is Score.WRONG_CAUSE


@pytest.mark.parametrize(
    ("answer", "score", "by_rule"),
    [
        (finding(rule="nobody-can-act", function="main"), Score.FOUND, "nobody-can-act"),
        (
            finding(rule="nobody-can-act", confidence=Confidence.LIKELY),
            Score.WRONG_CAUSE,
            None,
        ),
        (finding(rule="lock-cycle"), Score.WRONG_CAUSE, None),
    ],
)
def test_a_more_general_answer_is_right_too_if_it_is_as_sure(
    answer: Finding, score: Score, by_rule: str | None
) -> None:
    wanted = Expected(
        rule="lost-task", confidence=Confidence.PROVEN, or_rules=("nobody-can-act",), function="get"
    )
    (check,) = expected.check(broken(wanted), report(answer))
    assert (check.score, check.by_rule) == (score, by_rule)


def test_an_error_beside_the_right_one_is_a_false_alarm() -> None:
    found, alarm = expected.check(broken(WANTED), report(finding(), finding(rule="lock-cycle")))
    assert (found.score, alarm.score) == (Score.FOUND, Score.FALSE_ALARM)


def test_false_alarms_in_a_fixed_twin() -> None:
    fixed = Variant(
        name="f", kind=Kind.FIXED, about="", script="f.py", must_not_find=("orphaned-lock",)
    )
    assert [check.score for check in expected.check(fixed, report())] == [Score.CLEAN]
    warning = finding(severity=Severity.WARNING)
    for wrong in (finding(), warning, finding(rule="lock-cycle")):  # any error, and what is named
        (alarm,) = expected.check(fixed, report(wrong))
        assert alarm.score is Score.FALSE_ALARM
    other = finding(rule="zombies", severity=Severity.WARNING)
    assert [check.score for check in expected.check(fixed, report(other))] == [Score.CLEAN]
