"""What the project says about findings, for every command that judges.

Where a setting is looked for, the first that is there counts: command line,
`DIAG_<COMMAND>_<OPTION>`, `DIAG_<OPTION>` (both in app.py), `[tool.diag]` of the
`pyproject.toml` in the working directory, the default.
"""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from diag.cli.output import OutputError, write_whole
from diag.project import Project, here

if TYPE_CHECKING:
    from collections.abc import Callable

    from diag.model.recording import Recording
    from diag.model.report import Report
    from diag.policy import Settings


class Judging(NamedTuple):
    """How findings are judged here; read once, before a target is started or looked at.

    Attributes:
        project: what the project and the options say.
        write_to: where a new baseline is written, None for nowhere.

    """

    project: Project
    write_to: Path | None

    def judge(self, recording: Recording) -> Report:
        """Judge what was seen of a target of this machine."""
        return self.project.judge(recording)

    def judge_elsewhere(self, recording: Recording) -> Report:
        """Judge what was seen at another time or place: files may be others now."""
        return self.project.judge_elsewhere(recording)

    def keep(self, report: Report) -> None:
        """Write the new baseline, if one is wanted.

        Raises:
            OutputError: it cannot be written.

        """
        from diag import policy

        if self.write_to is None:
            return
        try:
            write_whole(self.write_to, policy.encode_baseline(report))
        except OSError as error:
            raise OutputError(f"cannot write {self.write_to}: {error.strerror}") from error


def _read_judging(baseline: Path | None, write_to: Path | None) -> Judging:
    """Read what the options and the project say.

    Raises:
        UsageError: the settings or the baseline cannot be used.

    """
    from diag import policy

    known: frozenset[str] = frozenset()
    begins = write_to is not None and baseline is not None and not baseline.exists()
    if baseline is not None and not begins:
        known = policy.read_baseline(baseline)
    return Judging(Project(here(), project_settings().ignore, known), write_to)


def project_settings() -> Settings:
    """Return what the project in the working directory says."""
    from diag import policy

    return policy.read_settings(here())


def policy_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --baseline and --write-baseline, and pass them on as one `judging`."""

    @click.option(
        "--baseline",
        type=click.Path(path_type=Path),
        default=lambda: project_settings().baseline,
        show_default="that of pyproject.toml",
        metavar="FILE",
        help="Findings in this file are known: they are counted and do not fail.",
    )
    @click.option(
        "--write-baseline",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the findings to a baseline.",
    )
    @wraps(command)
    def with_policy(*, baseline: Path | None, write_baseline: Path | None, **others: Any) -> Any:
        return command(judging=_read_judging(baseline, write_baseline), **others)

    return with_policy
