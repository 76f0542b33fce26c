"""Sums up what a verification found: as tables for a terminal, and as the page docs/score.md."""

from collections import Counter
from collections.abc import Sequence

from diag import __version__
from diag.scenario.contrast import Table
from diag.scenario.expected import Score
from diag.scenario.verify import Result

PAGE = "score.md"
_SCORES = (
    Score.FOUND,
    Score.MISSED,
    Score.WRONG_CAUSE,
    Score.CLEAN,
    Score.FALSE_ALARM,
    Score.NO_RULE,
    Score.DID_NOT_RUN,
)
_HEAD = """\
<!-- Written by `diag scenario verify --write-docs`. Do not edit. -->
# Score

What diag {version} says of the [scenarios](scenarios.md) of this repository, each run on CPython {pythons}.

- *found*: the cause that the label asks for, as surely as it asks, with the guilty function.
  Where a more general rule has given the answer, the notes say which; it may point elsewhere.
- *missed*: nothing of severity error. *wrong cause*: an error, and not that one.
- *false alarm*: an error where none is. *clean*: nothing is to be found, and nothing was.
- *no rule yet*: the rule is not built. *did not run*: with the reason, below.

Behind each is the time from the moment the program is in trouble to the verdict, in seconds.
"""  # noqa: E501 - a line of Markdown


def totals(results: Sequence[Result]) -> Table:
    """Return how many of each score there are, for each Python."""
    pythons = _pythons(results)
    counts = Counter((result.score, result.python) for result in results)
    rows = [(score, *(str(counts[score, python]) for python in pythons)) for score in _SCORES]
    return Table(headings=("", *pythons), rows=tuple(rows))


def details(results: Sequence[Result]) -> Table:
    """Return one row for each variant, with a cell for each Python."""
    pythons = _pythons(results)
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for result in results:
        key = (result.scenario, result.variant, result.expects)
        rows.setdefault(key, {})[result.python] = _cell(result)
    return Table(
        headings=("scenario", "variant", "to be found", *pythons),
        rows=tuple(
            (*key, *(cells.get(python, "") for python in pythons)) for key, cells in rows.items()
        ),
    )


def reasons(results: Sequence[Result]) -> tuple[str, ...]:
    """Return a line for all that is to be said, with the Pythons that it is true of."""
    pythons: dict[str, list[str]] = {}
    for result in results:
        if result.reason:
            text = f"{result.scenario}/{result.variant} {result.score}: {result.reason}"
            pythons.setdefault(text, []).append(result.python)
    return tuple(f"{text} ({', '.join(versions)})" for text, versions in pythons.items())


def page(results: Sequence[Result]) -> str:
    """Return the text of docs/score.md."""
    head = _HEAD.format(version=__version__, pythons=", ".join(_pythons(results)))
    lines = [head, *_markdown(totals(results)), "", *_markdown(details(results))]
    if notes := reasons(results):
        lines += ["", "## Notes", "", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def _pythons(results: Sequence[Result]) -> list[str]:
    versions = {result.python for result in results}
    return sorted(versions, key=lambda version: [int(part) for part in version.split(".")])


def _cell(result: Result) -> str:
    if result.verdict_s is None:
        return result.score.value
    return f"{result.score.value} {result.verdict_s:.1f}"


def _markdown(table: Table) -> list[str]:
    rule = "|" + "---|" * len(table.headings)
    return [_row(table.headings), rule, *map(_row, table.rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
