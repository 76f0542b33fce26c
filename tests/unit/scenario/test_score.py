from diag.scenario import score
from diag.scenario.expected import Check, Score
from diag.scenario.labels import Kind
from diag.scenario.verify import FAILURES, Result, worst


def result(
    variant: str, python: str, answer: Score, verdict_s: float | None = 1.24, reason: str = ""
) -> Result:
    return Result(
        scenario="a-failure",
        variant=variant,
        kind=Kind.BROKEN,
        python=python,
        expects="lock-cycle",
        score=answer,
        verdict_s=verdict_s,
        reason=reason,
    )


RESULTS = (
    result("one", "3.13.0", Score.FOUND),
    result("one", "3.9.18", Score.MISSED, reason="missed: lock-cycle (proven)"),
    result("two|half", "3.13.0", Score.DID_NOT_RUN, None, "needs Python 3.14"),
    result("two|half", "3.9.18", Score.DID_NOT_RUN, None, "needs Python 3.14"),
)


def test_one_row_for_a_variant_and_one_column_for_a_python_oldest_first() -> None:
    table = score.details(RESULTS)
    assert table.headings == ("scenario", "variant", "to be found", "3.9.18", "3.13.0")
    assert table.rows == (
        ("a-failure", "one", "lock-cycle", "missed 1.2", "found 1.2"),
        ("a-failure", "two|half", "lock-cycle", "did not run", "did not run"),
    )


def test_totals_keep_every_answer_apart() -> None:
    table = score.totals(RESULTS)
    rows = {name: cells for name, *cells in table.rows}
    assert set(rows) == set(Score)
    assert rows["found"] == ["0", "1"]
    assert rows["missed"] == ["1", "0"]
    assert rows["did not run"] == ["1", "1"]
    assert rows["wrong cause"] == ["0", "0"]


def test_a_reason_is_told_once_with_its_pythons() -> None:
    assert score.reasons(RESULTS) == (
        "a-failure/one missed: missed: lock-cycle (proven) (3.9.18)",
        "a-failure/two|half did not run: needs Python 3.14 (3.13.0, 3.9.18)",
    )


def test_the_page_names_the_pythons_and_escapes_cells() -> None:
    page = score.page(RESULTS)
    assert "each run on CPython 3.9.18, 3.13.0." in page
    assert "| a-failure | two\\|half | lock-cycle | did not run | did not run |" in page
    assert "- a-failure/one missed" in page
    assert "## Notes" not in score.page(RESULTS[:1])


def test_a_variant_is_as_good_as_the_worst_answer_about_it() -> None:
    def checks(*scores: Score) -> list[Check]:
        return [Check(score=each, text="") for each in scores]

    assert worst(checks(Score.FOUND)) is Score.FOUND
    assert worst(checks(Score.FOUND, Score.MISSED)) is Score.MISSED
    assert worst(checks(Score.MISSED, Score.FALSE_ALARM, Score.FOUND)) is Score.FALSE_ALARM
    assert worst(checks(Score.NO_RULE, Score.FOUND)) is Score.NO_RULE


def test_what_did_not_run_or_has_no_rule_is_no_failure() -> None:
    assert {Score.MISSED, Score.WRONG_CAUSE, Score.FALSE_ALARM} == FAILURES
