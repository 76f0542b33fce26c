"""`diag scenario verify`: does diag find what the labels say, and nothing else?"""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import click

from diag.cli.pythons import python_option
from diag.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diag.scenario.live import Screen
    from diag.scenario.verify import Case, Result

SIDE_BY_SIDE = 3
TERMINATED = 128 + signal.SIGTERM


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@python_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON; progress goes to stderr.")
@click.option(
    "-j",
    "--side-by-side",
    type=click.IntRange(1, 16),
    default=SIDE_BY_SIDE,
    show_default=True,
    metavar="N",
    help="Look at so many at a time; those that compute run alone.",
)
@click.option("--write-docs", is_flag=True, help="Write the score to docs/score.md.")
def verify(
    *,
    names: tuple[str, ...],
    commands: tuple[tuple[str, ...], ...],
    as_json: bool,
    side_by_side: int,
    write_docs: bool,
) -> int:
    """Run the scenarios NAME (default: all) and score what diag says of each variant.

    Ends with status 1 if something was missed, took a wrong cause, or was a false alarm.
    """
    from diag import resources
    from diag.scenario import live, score
    from diag.scenario.verify import FAILURES

    if write_docs and names:
        raise UsageError("--write-docs needs all scenarios", hint="leave the names out")
    cases = _cases(names, commands)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # unwinds: cleans up
    with live.Screen(sys.stderr if as_json else sys.stdout) as screen:
        results = _run(cases, side_by_side, screen)
        if as_json:
            live.print_json(results)
        else:
            screen.table("", score.details(results))
            for reason in score.reasons(results):
                screen.say(reason)
            screen.table("", score.totals(results))
    if write_docs:
        (resources.shipped("docs") / score.PAGE).write_text(score.page(results), encoding="utf-8")
    failed = any(result.score in FAILURES for result in results)
    return ExitStatus.FINDINGS if failed else ExitStatus.OK


def _cases(names: tuple[str, ...], commands: tuple[tuple[str, ...], ...]) -> list[Case]:
    from diag.scenario import interpreter, labels
    from diag.scenario.verify import Case

    scenarios = tuple(labels.find(name) for name in names) or labels.load_all()
    pythons = [interpreter.ask(words) for words in commands] or [interpreter.ask()]
    return [
        Case(scenario=scenario, variant=variant, python=python)
        for scenario in scenarios
        for variant in scenario.variants
        for python in pythons
    ]


def _run(cases: Sequence[Case], side_by_side: int, screen: Screen) -> list[Result]:
    """Return the results in the order of the cases, and say how it goes."""
    from diag.scenario.verify import Verification

    place = {
        (case.scenario.name, case.variant.name, case.python.version): number
        for number, case in enumerate(cases)
    }
    results = []
    screen.busy(f"0 of {len(cases)}")
    for result in Verification().results(cases, side_by_side=side_by_side):
        results.append(result)
        screen.status(f"{len(results)} of {len(cases)}")
        taken = f" after {result.verdict_s:.1f} s" if result.verdict_s is not None else ""
        name = f"{result.scenario}/{result.variant}"
        screen.say(f"{name} (Python {result.python}): {result.score}{taken}")
    screen.rest()
    return sorted(results, key=lambda each: place[each.scenario, each.variant, each.python])
