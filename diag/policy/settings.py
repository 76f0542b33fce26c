"""What a project says about diag: the table `[tool.diag]` of its `pyproject.toml`."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import msgspec

from diag.errors import UsageError
from diag.model.base import Record
from diag.model.finding import Finding

FILE = "pyproject.toml"


class Ignore(Record, frozen=True, forbid_unknown_fields=True):
    """Findings that do not count. Patterns are those of fnmatch; each that is given must fit.

    Attributes:
        reason: why; shown in every report.
        rule: pattern for the id of the rule.
        file: pattern for the guilty file, relative to the project.
        function: pattern for the guilty function, with or without its class.

    """

    reason: str
    rule: str | None = None
    file: str | None = None
    function: str | None = None

    def fits(self, finding: Finding) -> bool:
        """Return whether a finding is meant."""
        function = finding.primary.function or ""
        return (
            _fits(self.rule, finding.rule)
            and _fits(self.file, finding.primary.file or "")
            and _fits(self.function, function, function.rpartition(".")[2])
        )


class Settings(Record, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """The table.

    Attributes:
        fail_on: default of `--fail-on`.
        baseline: default of `--baseline`, relative to the folder of the file.
        ignore: findings that do not count.

    """

    fail_on: Literal["error", "warning", "never"] | None = None
    baseline: str | None = None
    ignore: tuple[Ignore, ...] = ()


class _Tool(Record, frozen=True):
    diag: Settings = Settings()


class _Project(Record, frozen=True):
    """The file; whatever belongs to others is passed over."""

    tool: _Tool = _Tool()


def read_settings(folder: Path) -> Settings:
    """Read the settings of the project in a folder; there need not be any.

    Raises:
        UsageError: the file cannot be read, or says what cannot be meant.

    """
    path = folder / FILE
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError:
        return Settings()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    settings = _decode(table)
    for number, entry in enumerate(settings.ignore):
        if entry.rule is entry.file is entry.function is None:
            raise _wrong(f"ignore entry {number + 1} would ignore everything")
        if not entry.reason.strip():
            raise _wrong(f"ignore entry {number + 1} has no reason")
    return settings


def _decode(table: Any) -> Settings:
    try:
        return msgspec.convert(table, _Project).tool.diag
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from error


def _wrong(what: str) -> UsageError:
    return UsageError(f"[tool.diag] in {FILE}: {what}", hint="docs/policy.md shows what is known")


def _fits(pattern: str | None, *texts: str) -> bool:
    return pattern is None or any(fnmatchcase(text, pattern) for text in texts)
