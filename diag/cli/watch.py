"""`diag watch`: keep looking at a running tree until it hangs, ends, or time is up."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diag.cli.exits import say
from diag.cli.judging import Judging, policy_options
from diag.cli.live import LiveView, can_draw
from diag.cli.metrics import Metrics, parse_address
from diag.cli.options import fail_on_option, output_options, pid_argument, seconds_option
from diag.cli.output import OutputError, Outputs, emit, emit_files
from diag.cli.watching import Watching, watch_target, watching_options
from diag.errors import ExitStatus
from diag.render.registry import FORMATS

if TYPE_CHECKING:
    from diag.model.finding import Finding
    from diag.model.report import Report
    from diag.watching.story import Story


@click.command(short_help="Keep looking at a running tree, and say when it is stuck.")
@pid_argument
@seconds_option("--for", "for_s", default=0.0, about="How long to watch; 0 for as long as it runs.")
@click.option(
    "--until-exit", is_flag=True, help="Until the target ends: the default, said explicitly."
)
@click.option(
    "--metrics",
    "metrics_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep metrics there, for the node exporter (needs diag[metrics]).",
)
@click.option(
    "--listen",
    "address",
    callback=parse_address,
    metavar="HOST:PORT",
    help="Serve metrics for Prometheus; on loopback, if only a port is given.",
)
@click.option("--leave-tree", is_flag=True, hidden=True)  # for diag.api
@click.option("--quiet", is_flag=True, help="No live view and no lines while watching.")
@watching_options
@fail_on_option
@policy_options
@output_options(FORMATS)
def watch(
    *,
    pid: int,
    for_s: float,
    until_exit: bool,
    metrics_file: Path | None,
    address: tuple[str, int] | None,
    leave_tree: bool,
    quiet: bool,
    watching: Watching,
    fail_on: str,
    judging: Judging,
    outputs: Outputs,
) -> int:
    """Watch the process PID and all its descendants; nothing is stopped or changed.

    At the end, by Ctrl-C as well, the report is printed. The exit status is that of
    `diag attach`, and 124 if --on-hang kill ended the tree.
    """
    from diag import policy
    from diag.watching.signals import ENDING
    from diag.watching.target import attach

    if until_exit and for_s:
        raise click.UsageError("--until-exit and --for exclude each other.")
    if leave_tree:
        _leave_tree()
    target = attach(pid, ENDING)
    try:
        with ExitStack() as stack:
            shows: list[Callable[[Story], None]] = [
                stack.enter_context(Metrics(metrics_file, address)).show
            ]
            found: Callable[[Report, tuple[Finding, ...]], None] = _silent
            if not quiet and can_draw():
                shows.append(stack.enter_context(LiveView()).show)
            elif not quiet:
                found = _say_found
                shows.append(_say_stretched())
            outcome = watch_target(
                target,
                watching,
                judge=judging.judge,
                for_s=for_s or None,
                found=found,
                save=lambda report: _save(report, outputs),
                show=lambda story: _show(story, shows),
            )
    finally:
        target.close()
    report = outcome.report
    if report is None:
        report = judging.judge(outcome.recording)
    emit(report, outputs)
    judging.keep(report)
    if outcome.because == "hang":
        say("the tree was ended: hang")
        return ExitStatus.ENDED_HUNG_TREE
    return policy.exit_status(report, fail_on)


def _leave_tree() -> None:
    """Go on in a process that is no child of the one that started diag; print its pid.

    Else a process that watches itself would have a child that is always live.
    """
    child = os.fork()
    if child:
        print(child, flush=True)  # noqa: T201 - for diag.api, nobody else
        os._exit(0)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _save(report: Report, outputs: Outputs) -> None:
    """Write the reports that go to files, before a hang is acted on."""
    with contextlib.suppress(OutputError):  # said at the end, when it fails again
        emit_files(report, outputs)


def _show(story: Story, shows: Sequence[Callable[[Story], None]]) -> None:
    for show in shows:
        show(story)


def _silent(_report: Report, _new: tuple[Finding, ...]) -> None:
    """Say nothing before the end."""


def _say_stretched() -> Callable[[Story], None]:
    """Return what says once that the tree is looked at less often than asked for."""
    said = False

    def show(story: Story) -> None:
        nonlocal said
        if not said and story.stretched_to_s is not None:
            said = True
            say(
                f"the tree is large: it is looked at every {story.stretched_to_s:.2g} s"
                " (see --max-overhead)"
            )

    return show


def _say_found(report: Report, new: tuple[Finding, ...]) -> None:
    """Print a line for each finding that is new."""
    for finding in new:
        say(
            f"{report.verdict.value.upper()} ({finding.confidence}) {finding.title}",
            label=time.strftime("%H:%M:%S"),
        )
