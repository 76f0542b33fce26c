"""`diag report`: judge a recording, and render it again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from diag.cli.judging import Judging, policy_options
from diag.cli.options import fail_on_option, output_options
from diag.cli.output import Outputs, emit
from diag.errors import RecordingError
from diag.render.registry import FORMATS

if TYPE_CHECKING:
    from diag.model.recording import Recording


@click.command(short_help="Judge a recording: elsewhere, later, in another format.")
@click.argument("recording", type=click.Path(path_type=Path), metavar="RECORDING")
@fail_on_option
@policy_options
@output_options(FORMATS)
def report(*, recording: Path, fail_on: str, judging: Judging, outputs: Outputs) -> int:
    """Judge what `diag attach --record RECORDING` kept; "-" reads standard input.

    A recording that was cut off or damaged is used as far as it goes.
    """
    from diag import policy

    judged = judging.judge_elsewhere(read_recording(recording))
    emit(judged, outputs)
    judging.keep(judged)
    return policy.exit_status(judged, fail_on)


def read_recording(path: Path) -> Recording:
    """Read a recording from a file, or from standard input for "-".

    Raises:
        RecordingError: it cannot be read, is none, or holds nothing to judge.

    """
    from diag.model import codec

    try:
        with click.open_file(str(path), "rb") as stream:
            found = codec.read_recording(stream)
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}", hint=error.hint) from error
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror}") from error
    if not found.snapshots:
        raise RecordingError(
            f"{path} holds no complete look at a target"
            + (f": {found.damage}" if found.damage else ""),
            hint="it was cut off before the first look was done; record again",
        )
    return found
