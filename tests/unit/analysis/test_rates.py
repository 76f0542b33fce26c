"""Counters become rates; one that goes backwards is never used."""

from diag.analysis.rates import cpu_cores, oom_kills, throttling
from diag.analysis.series import series_of
from diag.model.ids import ProcessId
from diag.model.sample import GroupSample
from tests.unit.samples import counted, sample

GROUP = GroupSample(periods=10, throttled_periods=5, throttled_s=1.0, oom_kills=1)


def later(**more: object) -> GroupSample:
    fields = {"periods": 20, "throttled_periods": 13, "throttled_s": 1.5, "oom_kills": 3, **more}
    return GroupSample(**fields)  # type: ignore[arg-type]


def test_what_the_quota_withheld() -> None:
    first = sample(100.0, counted(10, user_ticks=100), group=GROUP)
    last = sample(101.0, counted(10, user_ticks=150), group=later())
    seen = throttling((first, last), 100)
    assert seen is not None
    assert (seen.periods, seen.throttled) == (10, 8)
    assert (seen.withheld_cpus, seen.used_cpus) == (0.5, 0.5)
    assert (seen.share_of_periods, seen.share_of_time) == (0.8, 0.5)
    assert oom_kills((first, last)) == 2


def test_counters_that_go_backwards_are_not_used() -> None:
    first = sample(100.0, counted(10), group=GROUP)
    for group in (later(periods=1), later(throttled_s=0.1), later(throttled_periods=None)):
        assert throttling((first, sample(101.0, counted(10), group=group)), 100) is None
    assert oom_kills((first, sample(101.0, counted(10), group=later(oom_kills=0)))) is None
    back = sample(101.0, counted(10, user_ticks=1), group=GROUP)
    assert cpu_cores((first, back), 100) == {ProcessId(pid=10, start_ticks=10): 0.0}


def test_a_group_that_vanished_or_was_never_read_gives_nothing() -> None:
    first, last = sample(100.0, counted(10), group=GROUP), sample(101.0, counted(10))
    assert throttling((first, last), 100) is None
    assert throttling((), 100) is None
    assert throttling((first,), 100) is None
    assert oom_kills((first, last)) is None
    assert cpu_cores((first, first), 100) == {}  # no time has passed


def test_series_of_the_tree_and_its_group() -> None:
    first = sample(100.0, counted(10), counted(11), group=GROUP)
    second = sample(101.0, counted(10, user_ticks=150), counted(12), group=later())
    found = {each.name: each.points for each in series_of((first, second), ticks_per_s=100)}
    assert [(p.at_s, p.value) for p in found["cpu_cores"]] == [(1.0, 0.5)]
    assert [p.value for p in found["rss_bytes"]] == [20 << 20, 20 << 20]
    assert [p.value for p in found["throttled_share"]] == [0.8]
    assert "memory_limit_bytes" not in found
    assert series_of((first,), ticks_per_s=100) == ()
