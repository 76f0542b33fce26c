"""The option that chooses the Pythons to run scenarios with."""

import shlex

import click


def _split(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    try:
        commands = tuple(tuple(shlex.split(value)) for value in values)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if not all(commands):
        raise click.BadParameter("is empty")
    return commands


python_option = click.option(
    "--python",
    "commands",
    multiple=True,
    callback=_split,
    metavar="PATH",
    help="Run it with this Python (default: diag's own); repeatable.",
)
