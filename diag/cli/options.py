"""Options that several commands have, each written once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click

from diag.cli.judging import project_settings
from diag.cli.output import Outputs
from diag.errors import FAIL_ON

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

MOST_SECONDS = 86_400


def check_pid(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Return the pid that was given, None if none was."""
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()) or int(value) == 0:
        raise click.BadParameter(f"{value!r} is not a process id.")
    return int(value)


pid_argument = click.argument("pid", callback=check_pid, metavar="PID")


def stacks_options(command: Command) -> Command:
    """Add --no-stacks and --show-locals, which exclude each other."""

    @click.option("--no-stacks", is_flag=True, help="Do not ask py-spy for Python stacks.")
    @click.option(
        "--show-locals",
        is_flag=True,
        help="Keep and show values of variables of your own code. What looks like a secret is "
        "masked; look at the report before you publish it.",
    )
    @wraps(command)
    def with_stacks(*, no_stacks: bool, show_locals: bool, **others: Any) -> Any:
        if no_stacks and show_locals:
            raise click.UsageError("--show-locals and --no-stacks exclude each other.")
        return command(no_stacks=no_stacks, show_locals=show_locals, **others)

    return with_stacks


json_flag = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default=lambda: project_settings().fail_on or FAIL_ON[0],
    show_default="error, or what pyproject.toml says",
    help="Least severity of a finding that makes the exit status 1.",
)


def seconds_option(
    name: str, variable: str, *, default: float | None, about: str, shown: str = ""
) -> Decorator:
    """Make an option for a finite number of seconds, not negative and not above a day.

    Args:
        name: of the option.
        variable: that it sets.
        default: None if the command decides.
        about: what it is, for the help.
        shown: the default in words.

    """

    def check(_ctx: click.Context, _param: click.Parameter, seconds: float | None) -> float | None:
        if seconds is None:
            return None
        if not math.isfinite(seconds) or not 0 <= seconds <= MOST_SECONDS:
            raise click.BadParameter(f"{seconds:g} is not between 0 and {MOST_SECONDS} seconds.")
        return seconds

    return click.option(
        name,
        variable,
        type=float,
        default=default,
        show_default=shown or True,
        callback=check,
        metavar="SECONDS",
        help=about,
    )


def output_options(formats: Mapping[str, str]) -> Decorator:
    """Add --format, --json, -o and --report, and pass them on as one `outputs`."""

    def split(
        _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
    ) -> tuple[tuple[str, Path], ...]:
        return tuple(_split_report(value, formats) for value in values)

    def add(command: Command) -> Command:
        @click.option(
            "--format",
            "chosen",
            type=click.Choice(list(formats)),
            default="terminal",
            show_default=True,
            help="Format of the report.",
        )
        @click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
        @click.option(
            "-o",
            "--output",
            "file",
            type=click.Path(path_type=Path),
            help="Write the report to a file instead of standard output.",
        )
        @click.option(
            "--report",
            "more",
            multiple=True,
            callback=split,
            metavar="FORMAT=FILE",
            help="Write a further report; may be given several times.",
        )
        @wraps(command)
        def with_outputs(
            *,
            chosen: str,
            as_json: bool,
            file: Path | None,
            more: tuple[tuple[str, Path], ...],
            **others: Any,
        ) -> Any:
            name = "json" if as_json else chosen
            _check_files([place for place in (file, *(path for _, path in more)) if place])
            return command(outputs=Outputs(formats, name, file, more), **others)

        return with_outputs

    return add


def _check_files(places: Sequence[Path]) -> None:
    """Refuse two reports in one file: one would overwrite the other."""
    for number, place in enumerate(places):
        takes_many = place == Path("-") or (place.exists() and not place.is_file())
        if place in places[:number] and not takes_many:
            raise click.UsageError(f"two reports for {place}: a file takes one.")


def _split_report(value: str, formats: Mapping[str, str]) -> tuple[str, Path]:
    name, _, file = value.partition("=")
    if not file or name not in formats:
        known = ", ".join(formats)
        raise click.BadParameter(f"{value!r} is not FORMAT=FILE with a FORMAT of {known}.")
    return name, Path(file)
