"""`diag dump`: one snapshot of a running tree, thread by thread."""

from __future__ import annotations

import click

from diag.cli.options import output_options, pid_argument, stacks_options
from diag.cli.output import Outputs, emit
from diag.project import Project, here
from diag.render.registry import DUMP_FORMATS
from diag.sources import with_sources


@click.command(short_help="Show every thread of a tree once: stacks, waits, owners.")
@pid_argument
@stacks_options
@output_options(DUMP_FORMATS)
def dump(*, pid: int, no_stacks: bool, show_locals: bool, outputs: Outputs) -> None:
    """Show what every thread of PID and its descendants does now; nothing is judged."""
    from diag import pipeline
    from diag.cli.progress import Progress

    with Progress() as progress:
        recording = pipeline.snapshot(
            pid, stacks=not no_stacks, show_locals=show_locals, progress=progress.say
        )
    project = Project(here())
    emit(with_sources(project.apply(pipeline.describe(recording)), project.folder), outputs)
