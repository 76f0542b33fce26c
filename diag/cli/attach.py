"""`diag attach`: look at a running tree, judge it, print the report."""

from __future__ import annotations

from pathlib import Path

import click

from diag.cli.judging import Judging, policy_options
from diag.cli.options import (
    fail_on_option,
    output_options,
    pid_argument,
    seconds_option,
    stacks_options,
)
from diag.cli.output import Outputs, emit
from diag.render.registry import FORMATS


@click.command(short_help="Look at a running tree and say why it is stuck.")
@pid_argument
@seconds_option(
    "--for",
    "for_s",
    default=None,
    about="Time between the first look and the last.",
    shown="1, and up to 6 while something grows",
)
@click.option(
    "--record",
    "record_to",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep what was seen, for `diag report` elsewhere and later.",
)
@stacks_options
@fail_on_option
@policy_options
@output_options(FORMATS)
def attach(
    *,
    pid: int,
    for_s: float | None,
    record_to: Path | None,
    no_stacks: bool,
    show_locals: bool,
    fail_on: str,
    judging: Judging,
    outputs: Outputs,
) -> int:
    """Look at the process PID and all its descendants for a moment and judge them.

    Nothing is stopped, changed or run in the target.
    """
    from diag import pipeline, policy
    from diag.cli.progress import Progress
    from diag.watching.recorder import Recorder

    with Recorder(record_to) as recorder, Progress() as progress:
        recording = pipeline.look(
            pid,
            for_s=for_s,
            stacks=not no_stacks,
            show_locals=show_locals,
            progress=progress.say,
            record=recorder.write,
        )
    report = judging.judge(recording)
    emit(report, outputs)
    judging.keep(report)
    recorder.check()
    return policy.exit_status(report, fail_on)
