"""What the project here makes of what was seen: its policy, its paths, lines of its code.

Below the commands and the interface for programs, which differ in where settings come from.
"""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diag.model.recording import Recording
    from diag.model.report import Report
    from diag.policy import Ignore


class Project(NamedTuple):
    """How findings are judged in a project.

    Attributes:
        folder: paths become relative to it.
        ignore: findings that do not count.
        baseline: fingerprints of known findings.

    """

    folder: Path
    ignore: tuple[Ignore, ...] = ()
    baseline: frozenset[str] = frozenset()

    def judge(self, recording: Recording) -> Report:
        """Judge what was seen of a target of this machine."""
        from diag.sources import with_sources

        return with_sources(self.judge_elsewhere(recording), self.folder)

    def judge_elsewhere(self, recording: Recording) -> Report:
        """Judge what was seen at another time or place: files may be others now."""
        from diag import pipeline

        return self.apply(pipeline.judge(recording))

    def apply(self, report: Report) -> Report:
        """Return the report under the policy, with paths as the project and its users know them."""
        from diag import policy

        return policy.apply(
            report,
            policy.Policy(
                ignore=self.ignore,
                baseline=self.baseline,
                project=str(self.folder),
                homes=tuple(dict.fromkeys(_homes(report))),
            ),
        )


def here() -> Path:
    """Return the working directory, also when it has been removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(os.environ.get("PWD", "/"))


def read_project(folder: Path) -> Project:
    """Read what `[tool.diag]` of the `pyproject.toml` in a folder says; there need not be any.

    Raises:
        UsageError: the settings or the baseline cannot be used.

    """
    from diag import policy

    folder = folder.absolute()
    settings = policy.read_settings(folder)
    known = frozenset[str]()
    if settings.baseline is not None:
        known = policy.read_baseline(folder / settings.baseline)
    return Project(folder, settings.ignore, known)


def _homes(report: Report) -> Iterator[str]:
    """Yield the home directories of this user and of those whose processes are shown."""
    with suppress(RuntimeError):  # this user has none: a uid without a name, as containers have
        yield str(Path.home())
    for uid in {view.process.uid for view in report.processes}:
        if uid is not None:
            try:
                yield pwd.getpwuid(uid).pw_dir
            except KeyError:
                continue  # a user of a container, whom this machine does not know
