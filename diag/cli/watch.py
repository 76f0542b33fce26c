"""`diag watch`: keep looking at a running tree until it hangs, ends, or time is up."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from diag.cli.exits import say
from diag.cli.options import fail_on_option, output_options, pid_argument, seconds_option
from diag.cli.output import Outputs, emit
from diag.cli.watching import Watching, watch_target, watching_options
from diag.errors import ExitStatus
from diag.render.registry import FORMATS

if TYPE_CHECKING:
    from diag.model.finding import Finding
    from diag.model.report import Report
    from diag.watching.loop import Outcome
    from diag.watching.target import Target


@click.command(short_help="Keep looking at a running tree, and say when it is stuck.")
@pid_argument
@seconds_option("--for", "for_s", default=0.0, about="How long to watch; 0 for as long as it runs.")
@click.option(
    "--until-exit", is_flag=True, help="Until the target ends: the default, said explicitly."
)
@click.option("--leave-tree", is_flag=True, hidden=True)  # for diag.api
@click.option("--quiet", is_flag=True, help="No live view and no lines while watching.")
@watching_options
@fail_on_option
@output_options(FORMATS)
def watch(
    *,
    pid: int,
    for_s: float,
    until_exit: bool,
    leave_tree: bool,
    quiet: bool,
    watching: Watching,
    fail_on: str,
    outputs: Outputs,
) -> int:
    """Watch the process PID and all its descendants; nothing is stopped or changed.

    At the end, by Ctrl-C as well, the report is printed. The exit status is that of
    `diag attach`, and 124 if --on-hang kill ended the tree.
    """
    from diag import pipeline, policy
    from diag.watching.signals import ENDING
    from diag.watching.target import attach

    if until_exit and for_s:
        raise click.UsageError("--until-exit and --for exclude each other.")
    if leave_tree:
        _leave_tree()
    target = attach(pid, ENDING)
    try:
        outcome = _watch(target, watching, for_s=for_s or None, quiet=quiet, outputs=outputs)
    finally:
        target.close()
    report = outcome.report
    if report is None:
        report = pipeline.judge(outcome.recording)
    emit(report, outputs)
    if outcome.because == "hang":
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


def _watch(
    target: Target, watching: Watching, *, for_s: float | None, quiet: bool, outputs: Outputs
) -> Outcome:
    """Watch with a live view on a terminal, with lines elsewhere."""

    def save(report: Report) -> None:
        emit(report, outputs)

    if quiet or not sys.stdout.isatty():
        found = _silent if quiet else _say_found
        return watch_target(target, watching, for_s=for_s, found=found, save=save)
    from diag.cli.live import LiveView

    with LiveView() as view:
        return watch_target(target, watching, for_s=for_s, found=_silent, save=save, show=view.show)


def _silent(_report: Report, _new: tuple[Finding, ...]) -> None:
    """Say nothing before the end."""


def _say_found(report: Report, new: tuple[Finding, ...]) -> None:
    """Print a line for each finding that is new."""
    for finding in new:
        say(
            f"{report.verdict.value.upper()} ({finding.confidence}) {finding.title}",
            label=time.strftime("%H:%M:%S"),
        )
