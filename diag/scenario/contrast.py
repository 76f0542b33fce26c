"""Sets the outcomes of the variants side by side."""

import signal
from collections.abc import Sequence

from diag.model.base import Record
from diag.scenario.labels import Column, Kind, Scenario
from diag.scenario.measure import Outcome

MB = 1024 * 1024


class Table(Record, frozen=True):
    """A table of words: one heading for each cell of a row."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table(scenario: Scenario, outcomes: Sequence[Outcome]) -> Table:
    """Return one row for each outcome, with the columns that the label asks for."""
    several = len({outcome.python for outcome in outcomes}) > 1
    first = ("variant", "is", *(("Python",) if several else ()), "ended")
    rows = []
    for outcome in outcomes:
        facts, baseline = measured(outcome), _baseline(outcome, outcomes)
        name = (outcome.variant, outcome.kind, *((outcome.python,) if several else ()))
        cells = (_cell(column, facts, baseline) for column in scenario.columns)
        rows.append((*name, ended(outcome), *cells))
    return Table(
        headings=(*first, *(column.title for column in scenario.columns)), rows=tuple(rows)
    )


def measured(outcome: Outcome) -> dict[str, object]:
    """Return what is known of a run by name: measured here, then by the program itself."""
    facts: dict[str, object] = {}
    if not outcome.ran:
        return facts
    facts |= {"wall_s": round(outcome.wall_s, 1), "cpu_s": round(outcome.cpu_s, 2)}
    facts["peak_rss_mb"] = outcome.peak_rss_bytes // MB
    facts["peak_mb"] = facts["peak_rss_mb"]
    if usage := outcome.usage:
        facts |= {"throttled_s": usage.throttled_s, "oom_kills": usage.oom_kills}
        if usage.periods and usage.throttled_periods is not None:
            facts["throttled_share"] = round(usage.throttled_periods / usage.periods, 2)
        if usage.memory_peak_bytes is not None:
            facts["peak_mb"] = usage.memory_peak_bytes // MB
    return facts | (outcome.result or {})


def ended(outcome: Outcome) -> str:
    """Say in a few words how a run ended."""
    if not outcome.ran:
        return "not run"
    if outcome.hung:
        return "hangs"
    if outcome.exit_status is None:
        return "ended by diag"
    if outcome.exit_status < 0:
        return f"killed by {signal.Signals(-outcome.exit_status).name}"
    return "done" if outcome.exit_status == 0 else f"failed, exit {outcome.exit_status}"


def _baseline(outcome: Outcome, outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Return the facts to compare with: of a baseline, or else of the first broken variant."""
    for kind in (Kind.BASELINE, Kind.BROKEN):
        for other in outcomes:
            if other.kind is kind and other.python == outcome.python:
                return {} if other is outcome else measured(other)
    return {}


def _cell(column: Column, facts: dict[str, object], baseline: dict[str, object]) -> str:
    value, against = facts.get(column.value), baseline.get(column.value)
    if value is None:
        return "-"
    text = f"{_number(value)} {column.unit}".rstrip()
    if column.ratio and isinstance(value, int | float) and isinstance(against, int | float):
        return f"{text} (x {value / against:.2g})" if against else text
    return text


def _number(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
