from diag.model.finding import Confidence
from diag.scenario import contrast
from diag.scenario.cgroups import Usage
from diag.scenario.labels import Column, Expected, Kind, Scenario, Source, Variant
from diag.scenario.measure import Outcome

COLUMNS = (
    Column(title="peak", value="peak_mb", unit="MB", ratio=True),
    Column(title="done", value="items_done"),
    Column(title="throttled", value="throttled_share"),
)
SCENARIO = Scenario(
    name="s",
    folder="/nowhere",
    title="t",
    summary="s",
    sources=(Source(title="x"),),
    variants=(
        Variant(
            name="list",
            kind=Kind.BROKEN,
            about="",
            script="x.py",
            expects=(Expected(rule="r", confidence=Confidence.LIKELY),),
        ),
    ),
    columns=COLUMNS,
)


def outcome(name: str, kind: Kind, **more: object) -> Outcome:
    return Outcome(
        scenario="s",
        variant=name,
        kind=kind,
        **{"python": "3.11.7", "exit_status": 0, **more},  # type: ignore[arg-type]
    )


def test_variants_side_by_side() -> None:
    broken = outcome("list", Kind.BROKEN, peak_rss_bytes=200 << 20, result={"items_done": 60})
    fixed = outcome("window", Kind.FIXED, peak_rss_bytes=50 << 20, result={"items_done": 60})
    table = contrast.table(SCENARIO, [broken, fixed])
    assert table.headings == ("variant", "is", "ended", "peak", "done", "throttled")
    assert table.rows == (
        ("list", "broken", "done", "200 MB", "60", "-"),
        ("window", "fixed", "done", "50 MB (x 0.25)", "60", "-"),
    )


def test_the_counters_of_the_group_come_before_the_sum_of_the_processes() -> None:
    usage = Usage(periods=40, throttled_periods=30, memory_peak_bytes=100 << 20)
    limited = outcome("list", Kind.BROKEN, peak_rss_bytes=200 << 20, usage=usage)
    facts = contrast.measured(limited)
    assert (facts["peak_mb"], facts["peak_rss_mb"], facts["throttled_share"]) == (100, 200, 0.75)


def test_pythons_get_a_column_and_are_compared_with_their_own() -> None:
    outcomes = [
        outcome("list", Kind.BROKEN, python=python, peak_rss_bytes=size << 20)
        for python, size in (("3.9.18", 10), ("3.13.0", 20))
    ]
    fixed = outcome("window", Kind.FIXED, python="3.13.0", peak_rss_bytes=10 << 20)
    table = contrast.table(SCENARIO, [*outcomes, fixed])
    assert table.headings[:4] == ("variant", "is", "Python", "ended")
    assert table.rows[2][4] == "10 MB (x 0.5)"


def test_a_baseline_is_what_all_others_are_compared_with() -> None:
    broken = outcome("threads", Kind.BROKEN, peak_rss_bytes=200 << 20)
    serial = outcome("serial", Kind.BASELINE, peak_rss_bytes=50 << 20)
    table = contrast.table(SCENARIO, [broken, serial])
    assert [row[3] for row in table.rows] == ["200 MB (x 4)", "50 MB"]


def test_how_runs_end() -> None:
    ends = {
        "not run": outcome("x", Kind.FIXED, ran=False),
        "hangs": outcome("x", Kind.BROKEN, exit_status=None, hung=True),
        "ended by diag": outcome("x", Kind.BROKEN, exit_status=None),
        "killed by SIGKILL": outcome("x", Kind.BROKEN, exit_status=-9),
        "failed, exit 1": outcome("x", Kind.BROKEN, exit_status=1),
        "done": outcome("x", Kind.FIXED),
    }
    assert [contrast.ended(each) for each in ends.values()] == list(ends)


def test_nothing_is_said_of_what_was_not_run() -> None:
    table = contrast.table(SCENARIO, [outcome("list", Kind.BROKEN, ran=False)])
    assert table.rows == (("list", "broken", "not run", "-", "-", "-"),)
