"""Whether a quantity grows steadily, and when it will reach a limit."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

_SHARES = (1.0, 0.5, 0.25, 0.125)
_PARTS = 4
_LEAST_POINTS = 5
_LEAST_PART = 0.08  # of the whole growth: a step, or a start that levels off, is no steady growth
_MOST_FALL = 0.1  # of the whole growth: a saw tooth gives back what it takes


class Growth(NamedTuple):
    """A steady growth.

    Attributes:
        first: the value at the start.
        last: the value at the end.
        per_s: slope of the line of least squares.
        span_s: seconds looked at.

    """

    first: float
    last: float
    per_s: float
    span_s: float

    def reaches_s(self, limit: float) -> float:
        """Return the seconds from the end until the limit, 0 if it is reached."""
        return max(0.0, limit - self.last) / self.per_s


def steady_growth(points: Sequence[tuple[float, float]], *, least_span_s: float) -> Growth | None:
    """Return how (seconds, value) points grow up to the last, None if they do not.

    Looked at are all points, then the later half, quarter and eighth, as long as these cover
    `least_span_s`. Each quarter of such a span must bring a part of its growth, and hardly
    anything may be given back.
    """
    whole_s = points[-1][0] - points[0][0] if points else 0.0
    for share in _SHARES:
        since_s = points[-1][0] - whole_s * share if points else 0.0
        found = _steady([point for point in points if point[0] >= since_s], least_span_s)
        if found is not None:
            return found
    return None


def _steady(points: Sequence[tuple[float, float]], least_span_s: float) -> Growth | None:
    if len(points) < _LEAST_POINTS or points[-1][0] - points[0][0] < least_span_s:
        return None
    whole = points[-1][1] - points[0][1]
    if whole <= 0 or not all(part >= _LEAST_PART * whole for part in _parts(points)):
        return None
    highest = points[0][1]
    for _, value in points:
        highest = max(highest, value)
        if highest - value > _MOST_FALL * whole:
            return None
    per_s = _slope(points)
    if per_s <= 0:  # of values so small that it is rounded away
        return None
    span_s = points[-1][0] - points[0][0]
    return Growth(first=points[0][1], last=points[-1][1], per_s=per_s, span_s=span_s)


def _parts(points: Sequence[tuple[float, float]]) -> list[float]:
    """Return the growth in each quarter of the time."""
    start_s, end_s = points[0][0], points[-1][0]
    marks = [start_s + (end_s - start_s) * part / _PARTS for part in range(_PARTS + 1)]
    values = [next(value for at_s, value in points if at_s >= mark) for mark in marks[:-1]]
    values.append(points[-1][1])
    return [after - before for before, after in pairwise(values)]


def _slope(points: Sequence[tuple[float, float]]) -> float:
    count = len(points)
    middle_s = sum(at_s for at_s, _ in points) / count
    middle = sum(value for _, value in points) / count
    spread = sum((at_s - middle_s) ** 2 for at_s, _ in points)
    return sum((at_s - middle_s) * (value - middle) for at_s, value in points) / spread
