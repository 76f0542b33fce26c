"""The command `diag`: its subcommands, loaded when asked for, and its exit."""

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from diag import __version__
from diag.cli.exits import guarded, replace_closed_streams

COMMANDS = ("run", "watch", "attach", "dump", "report", "rules", "doctor", "cpus", "scenario")


class LazyGroup(click.Group):
    """A group whose command `x` is the object `x` of the module `diag.cli.x`."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Name the commands, in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"diag.cli.{cmd_name}"), cmd_name)
        _name_variables(command, cmd_name)
        return command


# What `--on-hang exec` tells the command that it runs; no setting of any option.
TOLD_BY_DIAG = "DIAG_PID"


def _name_variables(command: click.Command, name: str) -> None:
    """Let environment variables give every option: DIAG_ATTACH_FAIL_ON, else DIAG_FAIL_ON."""
    if isinstance(command, click.Group):
        for each, child in command.commands.items():
            _name_variables(child, f"{name}_{each}")
    for option in command.params:
        if isinstance(option, click.Option):
            long = max(option.opts, key=len).lstrip("-")
            names = (f"DIAG_{name}_{long}", f"DIAG_{long}")
            variables = (text.upper().replace("-", "_") for text in names)
            option.envvar = [variable for variable in variables if variable != TOLD_BY_DIAG]


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 nothing found, 1 findings, 2 wrong usage, 3 not observable.",
)
@click.version_option(__version__, "--version", message="diag %(version)s")
def diag() -> None:
    """Tell why a tree of Python processes is stuck: from outside, with proof."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; prints errors, raises none."""

    def invoke() -> object:
        with diag.make_context("diag", list(arguments)) as context:
            return diag.invoke(context)

    return guarded(invoke)


def main() -> None:
    """Run the command line of this process and end it."""
    replace_closed_streams()
    sys.exit(run(sys.argv[1:]))
