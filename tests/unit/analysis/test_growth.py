"""Steady growth is told from saw teeth, steps and what levels off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.analysis.growth import steady_growth


def points(*values: float, every_s: float = 1.0) -> list[tuple[float, float]]:
    return [(100.0 + at * every_s, value) for at, value in enumerate(values)]


def test_a_straight_line_gives_its_slope_and_a_forecast() -> None:
    growth = steady_growth(points(10, 20, 30, 40, 50, 60, 70, 80), least_span_s=4)
    assert growth is not None
    assert growth.per_s == pytest.approx(10)
    assert growth.reaches_s(180) == pytest.approx(10)
    assert growth.reaches_s(50) == 0


def test_noise_does_not_hide_it() -> None:
    noisy = points(0, 12, 19, 31, 40, 49, 62, 70, 79, 92, 100)
    assert steady_growth(noisy, least_span_s=4) is not None


@pytest.mark.parametrize(
    "values",
    [
        (5, 5, 5, 5, 5, 5, 5, 5, 5),
        (90, 80, 70, 60, 50, 40, 30, 20),
        (0, 30, 60, 0, 30, 60, 0, 30, 60),  # a saw tooth
        (0, 40, 60, 60, 60, 60, 60, 60, 60),  # levels off
        (0, 0, 0, 0, 0, 0, 0, 0, 80),  # a step
    ],
)
def test_what_does_not_grow_steadily_is_none(values: tuple[float, ...]) -> None:
    assert steady_growth(points(*values), least_span_s=4) is None


def test_too_short_or_too_few_is_none() -> None:
    assert steady_growth([], least_span_s=4) is None
    assert steady_growth(points(1, 2, 3, 4), least_span_s=1) is None
    assert steady_growth(points(1, 2, 3, 4, 5, 6, every_s=0.1), least_span_s=4) is None


def test_growth_that_began_late_in_a_long_watch_is_found() -> None:
    values = [50.0] * 50 + [50.0 + 5 * at for at in range(20)]
    growth = steady_growth(points(*values), least_span_s=4)
    assert growth is not None
    assert growth.span_s < 20
    assert growth.per_s == pytest.approx(5, rel=0.1)


@given(st.lists(st.floats(0, 1e12), max_size=40))
def test_whatever_is_found_has_grown(values: list[float]) -> None:
    growth = steady_growth(points(*values), least_span_s=4)
    assert growth is None or (growth.last > growth.first and growth.reaches_s(0) == 0)
