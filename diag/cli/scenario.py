"""`diag scenario`: list, show and run the failure modes."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from diag.cli.pythons import python_option
from diag.cli.verify import verify

if TYPE_CHECKING:
    from diag.scenario.interpreter import Interpreter
    from diag.scenario.labels import Scenario, Variant
    from diag.scenario.live import Screen

KEEP_MOST_S = 110  # the programs end by themselves after 120 s
TERMINATED = 128 + signal.SIGTERM


def _seconds(_ctx: click.Context, _param: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 <= value <= KEEP_MOST_S:  # nan is not, either
        raise click.BadParameter(f"{value:g} is not between 0 and {KEEP_MOST_S} seconds.")
    return value


@click.group(short_help="List, show and run the failure modes.")
def scenario() -> None:
    """Failures of Python concurrency that you can run, with their fixes and controls."""


scenario.add_command(verify)


@scenario.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    """List the scenarios with their variants."""
    from diag.scenario import labels, live

    scenarios = labels.load_all()
    if as_json:
        live.print_json(scenarios)
        return
    screen = live.Screen(sys.stdout)
    for each in scenarios:
        screen.heading(each)


@scenario.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the label as JSON.")
def show(*, name: str, as_json: bool) -> None:
    """Tell the story of the scenario NAME: what you see, why, how to prove and to fix it."""
    from diag.scenario import labels, live

    found = labels.find(name)
    if as_json:
        live.print_json(found)
    else:
        live.Screen(sys.stdout).page(found.page)


@scenario.command()
@click.argument("name")
@click.option("--variant", "names", multiple=True, metavar="V", help="Only this one; repeatable.")
@python_option
@click.option("--watch", is_flag=True, help="Attach to broken variants and show the diagnosis.")
@click.option(
    "--keep",
    "keep_s",
    type=float,
    callback=_seconds,
    metavar="S",
    help="Let a hang stay for S seconds, so that you can attach to it.",
)
@click.option("--quick", is_flag=True, help="Smaller sizes: less time, less contrast.")
@click.option(
    "--in",
    "place",
    type=click.Choice(("group", "container")),
    default="group",
    show_default=True,
    help="What has the limits: a control group, or a real container (runc, root).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; what happens goes to stderr.")
def run(
    *,
    name: str,
    names: tuple[str, ...],
    commands: tuple[tuple[str, ...], ...],
    watch: bool,
    keep_s: float | None,
    quick: bool,
    place: str,
    as_json: bool,
) -> int:
    """Run the variants of the scenario NAME and compare them.

    Limits are real control groups, made for the run and removed; where that is not
    permitted, it says what is done instead. Nothing that is started survives.
    """
    from diag.scenario import interpreter, labels, live

    found = labels.find(name)
    chosen = tuple(found.variant(each) for each in names) or found.variants
    pythons = [interpreter.ask(words) for words in commands] or [interpreter.ask()]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # unwinds: cleans up
    contained = place == "container"
    with live.Screen(sys.stderr if as_json else sys.stdout) as screen:
        if watch:
            broken = tuple(each for each in chosen if names or each.kind is labels.Kind.BROKEN)
            return max(
                _diagnose(
                    screen,
                    found,
                    each,
                    python,
                    keep_s=keep_s,
                    contained=contained,
                    as_json=as_json,
                )
                for python in pythons
                for each in broken
            )
        _compare(
            screen,
            found,
            chosen,
            pythons,
            keep_s=keep_s,
            quick=quick,
            contained=contained,
            as_json=as_json,
        )
        return 0


def _compare(
    screen: Screen,
    found: Scenario,
    chosen: tuple[Variant, ...],
    pythons: list[Interpreter],
    **options: Any,
) -> None:
    from diag.scenario import contrast, live, measure

    outcomes = []
    for python in pythons:
        for variant in chosen:
            screen.begin(found, variant, python)
            outcome = measure.measure(
                found,
                variant,
                python=python,
                quick=options["quick"],
                watch_s=options["keep_s"],
                contained=options["contained"],
                on_moment=screen.moment,
            )
            screen.finish(contrast.ended(outcome), outcome.notes)
            outcomes.append(outcome)
    if options["as_json"]:
        live.print_json(outcomes)
    else:
        screen.table(found.title, contrast.table(found, outcomes))


def _diagnose(
    screen: Screen,
    found: Scenario,
    variant: Variant,
    python: Interpreter,
    *,
    keep_s: float | None,
    contained: bool,
    as_json: bool,
) -> int:
    from diag import pipeline, policy
    from diag.cli.output import Outputs, emit
    from diag.errors import FAIL_ON
    from diag.render.registry import FORMATS
    from diag.scenario import expected
    from diag.scenario import run as runner

    screen.begin(found, variant, python)
    with runner.start(found, variant, python=python.command, contained=contained) as running:
        screen.lines(running.lines)
        screen.say(f"attaching to {running.pid}: diag attach {running.pid}")
        recording = pipeline.look(running.pid, for_s=variant.look_s, progress=screen.status)
        report = pipeline.judge(recording)
        screen.rest()
        emit(report, Outputs(FORMATS, "json" if as_json else "terminal", None, ()))
        for check in expected.check(variant, report):
            through = f", as {check.by_rule}" if check.by_rule else ""
            screen.say(f"the label expects {check.text}: {check.score}{through}")
        if keep_s:
            screen.say(f"it stays for {keep_s:g} s: diag attach {running.pid}")
            time.sleep(keep_s)
        for note in running.notes:
            screen.say(note)
    return policy.exit_status(report, FAIL_ON[0])
