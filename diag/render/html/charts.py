"""Counters over time as charts, and each chart in words."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from diag.model.base import Record
from diag.model.report import Report, Series, Verdict
from diag.render.escape import visible
from diag.render.units import in_bytes

IDLE_CORES = 0.02  # less than this is the noise of a tree that does nothing
MOST_LINES = 8
FEWEST_POINTS = 3
SHORTEST_S = 0.5


class Line(Record, frozen=True, omit_defaults=False):
    """One line of a chart: a value for each time of the chart, None where there is none."""

    label: str
    values: tuple[float | None, ...]
    is_limit: bool = False


class Chart(Record, frozen=True, omit_defaults=False):
    """A picture of quantities of one unit.

    Attributes:
        title: what is drawn.
        unit: "cores", "bytes", "share" or "".
        times: seconds since the first sample.
        lines: at least one.
        moment: when the tree stopped using CPU, None if it did not.
        words: the chart as a sentence.

    """

    title: str
    unit: str
    times: tuple[float, ...]
    lines: tuple[Line, ...]
    moment: float | None
    words: str


class _Plan(NamedTuple):
    title: str
    unit: str
    names: dict[str, str]


_PLANS = (
    _Plan("CPU", "cores", {"cpu_cores": "CPUs in use"}),
    _Plan(
        "Memory",
        "bytes",
        {
            "rss_bytes": "resident, whole tree",
            "memory_used_bytes": "used in its control group",
            "memory_limit_bytes": "limit",
        },
    ),
    _Plan("Threads", "", {"threads": "threads"}),
    _Plan("CPU withheld by the quota", "share", {"throttled_share": "periods throttled"}),
)
_LIMITS = frozenset({"memory_limit_bytes"})


def charts(report: Report) -> tuple[Chart, ...]:
    """Return a chart for each quantity that has a history: a moment shows nothing over time."""
    by_name: dict[str, list[Series]] = defaultdict(list)
    for series in report.series:
        if _has_history(series):
            by_name[series.name].append(series)
    moment = standstill_s(report)
    plans = [*_PLANS]
    known = {name for plan in _PLANS for name in plan.names}
    plans.extend(_Plan(name, _unit(name), {name: name}) for name in by_name if name not in known)
    found = (_chart(report, plan, by_name, moment) for plan in plans)
    return tuple(chart for chart in found if chart is not None)


def _has_history(series: Series) -> bool:
    if len(series.points) < FEWEST_POINTS:
        return False
    return series.points[-1].at_s - series.points[0].at_s >= SHORTEST_S


def standstill_s(report: Report) -> float | None:
    """Return when the tree of a hung report used CPU for the last time, None if unknown."""
    if report.verdict is not Verdict.HUNG:
        return None
    whole = (s.points for s in report.series if s.name == "cpu_cores" and s.pid is None)
    points = next(whole, ())
    busy = [number for number, point in enumerate(points) if point.value > IDLE_CORES]
    if not busy or busy[-1] >= len(points) - 2:
        return None
    return points[busy[-1]].at_s


def _chart(
    report: Report, plan: _Plan, by_name: dict[str, list[Series]], moment: float | None
) -> Chart | None:
    chosen = [series for name in plan.names for series in by_name.get(name, ())]
    chosen = sorted(chosen, key=lambda series: series.pid is not None)[:MOST_LINES]
    if all(series.name in _LIMITS for series in chosen):
        return None
    times = sorted({point.at_s for series in chosen for point in series.points})
    lines = [_line(report, plan, series, times) for series in chosen]
    quota = report.limits.cpu_quota_cpus if report.limits is not None else None
    if plan.unit == "cores" and quota is not None:
        lines.append(Line(label="quota", values=(quota,) * len(times), is_limit=True))
    return Chart(
        title=visible(plan.title),
        unit=plan.unit,
        times=tuple(times),
        lines=tuple(lines),
        moment=moment,
        words=_words(plan, lines),
    )


def _line(report: Report, plan: _Plan, series: Series, times: Sequence[float]) -> Line:
    values = {point.at_s: point.value for point in series.points}
    return Line(
        label=visible(_whose(report, series.pid) or plan.names[series.name]),
        values=tuple(values.get(at_s) for at_s in times),
        is_limit=series.name in _LIMITS,
    )


def _whose(report: Report, pid: int | None) -> str:
    if pid is None:
        return ""
    roles = (view.role for view in report.processes if view.process.pid == pid)
    return f"{next(roles, 'process')} {pid}"


def _words(plan: _Plan, lines: Iterable[Line]) -> str:
    show = _SHOWN.get(plan.unit, _plain)
    said = []
    for line in lines:
        values = [value for value in line.values if value is not None]
        least, most = show(min(values)), show(max(values))
        if line.is_limit or least == most:
            said.append(f"{line.label} {most}")
        else:
            said.append(f"{line.label} between {least} and {most}, {show(values[-1])} at the end")
    return f"{visible(plan.title)}: {'; '.join(said)}."


def _unit(name: str) -> str:
    ends = {"_bytes": "bytes", "_cores": "cores", "_share": "share"}
    return next((unit for end, unit in ends.items() if name.endswith(end)), "")


def _plain(value: float) -> str:
    return f"{value:.3g}"


_SHOWN: dict[str, Callable[[float], str]] = {
    "bytes": lambda value: in_bytes(int(value)),
    "share": lambda value: f"{value:.0%}",
}
