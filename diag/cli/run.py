"""`diag run`: start a command, watch its tree, report, pass its exit status on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from diag.cli.exits import say, say_error
from diag.cli.judging import Judging, policy_options
from diag.cli.options import fail_on_option, output_options, seconds_option
from diag.cli.output import OutputError, Outputs, emit, emit_files
from diag.cli.watching import Watching, watch_target, watching_options
from diag.errors import ExitStatus
from diag.render.registry import FORMATS

if TYPE_CHECKING:
    from diag.model.errorline import ErrorNote
    from diag.model.finding import Finding
    from diag.model.report import Report
    from diag.watching.hooks import Outcome
    from diag.watching.target import Leftover

MOST_NAMED = 10
MOST_ERRORS = 5


class _Reporter:
    """Writes reports on standard error, as standard output belongs to the command."""

    def __init__(self, outputs: Outputs, judging: Judging) -> None:
        self._outputs = outputs
        self._judging = judging
        self._written: Report | None = None

    def found(self, report: Report, _new: tuple[Finding, ...]) -> None:
        """Say at once what was found: a hung command will not end by itself."""
        self.write(report)

    def write(self, report: Report) -> None:
        """Write a report, once; a full disk is said, and must not disturb the command."""
        if report is self._written:
            return
        self._written = report
        try:
            emit(report, self._outputs, stream=sys.stderr)
        except (OutputError, BrokenPipeError) as error:
            say(f"warning: {error}")

    def _write_files(self, report: Report) -> None:
        try:
            emit_files(report, self._outputs)
        except OutputError as error:
            say(f"warning: {error}")

    def finish(self, outcome: Outcome) -> Report | None:
        """Write what was not written yet, if there is something to say or it was asked for."""
        import msgspec

        from diag import pipeline

        report = outcome.report
        chosen = self._outputs.file is not None or self._outputs.chosen != "terminal"
        if report is None and (chosen or self._outputs.more) and outcome.recording.snapshots:
            report = self._judging.judge(outcome.recording)
        errors = pipeline.errors_of(outcome.recording)
        if report is not None and report.errors != errors:
            report = msgspec.structs.replace(report, errors=errors)
        # Whatever was found has been written when it was found, if it was seen to be grave then.
        untold = self._written is None and any(map(_is_grave, report.findings if report else ()))
        if report is not None and (chosen or untold):
            self.write(report)
        else:
            if report is not None:
                self._write_files(report)
            _say_notes(report)
            _say_errors(errors)
        if report is not None:
            try:
                self._judging.keep(report)
            except OutputError as error:
                say(f"warning: {error}")
        return report


@click.command(
    short_help="Start a command and watch its tree until it ends.",
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD ...")
@seconds_option(
    "--timeout",
    "timeout_s",
    default=0.0,
    about="End the tree after this time, with a report and exit status 124; 0 for never.",
)
@click.option(
    "--leave-stderr",
    is_flag=True,
    help="Do not look for known errors on the standard error of CMD.",
)
@watching_options
@fail_on_option
@policy_options
@output_options(FORMATS)
def run(
    *,
    command: tuple[str, ...],
    timeout_s: float,
    leave_stderr: bool,
    watching: Watching,
    fail_on: str,
    judging: Judging,
    outputs: Outputs,
) -> int:
    """Run CMD as if diag were not there, and say why it hangs if it does.

    CMD has the terminal, the files and the signals that it would have without diag. Reports
    go to standard error. The exit status is the command's own (128 + n after signal n), 1 if
    that is 0 but something was found, 124 if diag ended the tree.
    """
    from diag import policy
    from diag.watching.target import start

    reporter = _Reporter(outputs, judging)
    target = start(command, leave_stderr=leave_stderr)
    outcome: Outcome | None = None
    try:
        with _command_counts():
            outcome = watch_target(
                target,
                watching,
                judge=judging.judge,
                for_s=timeout_s or None,
                kill_at_end=timeout_s > 0,
                found=reporter.found,
                save=reporter.write,
            )
        status = target.exit_status()
        _name(target.leftovers())
    finally:
        target.close()
    if outcome is None:
        return status
    report: Report | None = None
    with _command_counts():
        report = reporter.finish(outcome)
    if outcome.because in ("hang", "time out"):
        say("the tree was ended: " + outcome.because)
        return ExitStatus.ENDED_HUNG_TREE
    if status == 0 and report is not None:
        return policy.exit_status(report, fail_on)
    return status


@contextmanager
def _command_counts() -> Iterator[None]:
    """Say at once what went wrong in diag: the command goes on, and its status is passed on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is
        say_error(error)


def _name(leftovers: tuple[Leftover, ...]) -> None:
    """Say which processes outlived the command."""
    if not leftovers:
        return
    shown = ", ".join(f"{pid} ({name})" for pid, name in leftovers[:MOST_NAMED])
    more = f" and {len(leftovers) - MOST_NAMED} more" if len(leftovers) > MOST_NAMED else ""
    say(f"the command ended, but these processes of it still run: {shown}{more}")


def _is_grave(finding: Finding) -> bool:
    """Whether it is more than a note."""
    from diag.model.finding import Severity

    return finding.severity is not Severity.INFO


def _say_notes(report: Report | None) -> None:
    """Say what is no trouble by itself in a line each: a command that went well gets no report."""
    for finding in report.findings if report is not None else ():
        if not _is_grave(finding):
            say(f"note: {finding.title} (see `diag rules {finding.rule}`)")


def _say_errors(errors: tuple[ErrorNote, ...]) -> None:
    """Say what was measured when the command complained: the complaint itself it has shown."""
    for note in [note for note in errors if note.measured][:MOST_ERRORS]:
        facts = "; ".join(note.measured)
        say(f'when standard error said "{note.text}" after {note.after_s:.1f} s: {facts}')
