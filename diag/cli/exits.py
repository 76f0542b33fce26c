"""The one place where errors are printed and become exit statuses."""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import click

from diag.errors import DiagError, ExitStatus
from diag.render.escape import visible

# What a shell reports for a program that a signal ended: 128 + SIGINT, 128 + SIGPIPE.
INTERRUPTED = 130
PIPE_CLOSED = 141
# sysexits.h: internal software error.
INTERNAL_ERROR = 70
_PROC = Path("/proc/self")


def guarded(call: Callable[[], object]) -> int:
    """Call, flush, and return the exit status; an error is one line on standard error."""
    try:
        return _status_of(call)
    finally:
        _discard_what_cannot_be_written()


def _status_of(call: Callable[[], object]) -> int:
    try:
        status = call()
        sys.stdout.flush()
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return PIPE_CLOSED
    except click.ClickException as error:
        return _usage(error)
    except Exception as error:  # noqa: BLE001 - the last resort: users never see a traceback
        return say_error(error)
    return status if isinstance(status, int) else ExitStatus.OK


def say(text: str, *, label: str = "diag") -> None:
    """Print one line on standard error, safe for a terminal."""
    with contextlib.suppress(OSError):  # nobody reads it: the exit status still tells
        click.echo(f"{label}: {visible(text)}", err=True)


def say_error(error: Exception) -> int:
    """Say what went wrong, one that is meant for users or one in diag; return the exit status."""
    if not isinstance(error, DiagError):
        return _internal(error)
    say(f"error: {error}")
    if error.hint:
        say(error.hint, label="hint")
    return error.exit_status


def replace_closed_streams() -> None:
    """Let what is written to a closed stream (`>&-` in a shell) go nowhere, instead of failing."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for the whole run
            setattr(sys, name, stream)


def _usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    help_wanted = getattr(click.exceptions, "NoArgsIsHelpError", ())  # click 8.2
    if isinstance(error, help_wanted):
        with contextlib.suppress(OSError):
            click.echo(error.format_message(), err=True)
        return ExitStatus.USAGE
    say(f"error: {error.format_message()}")
    if context is not None:
        say(f"{context.command_path} --help", label="hint")
    return ExitStatus.USAGE


def _internal(error: Exception) -> int:
    if not _PROC.exists():
        say("error: there is no /proc here, and diag reads from nowhere else")
        say("diag is for Linux; in a chroot: mount -t proc proc /proc", label="hint")
        return ExitStatus.UNOBSERVABLE
    if os.environ.get("DIAG_DEBUG") == "1":
        traceback.print_exception(error)
    say(f"error: internal error, please report it: {type(error).__name__}: {error}")
    say("DIAG_DEBUG=1 shows where it happened", label="hint")
    return INTERNAL_ERROR


def _discard_what_cannot_be_written() -> None:
    """Let what a full or closed output does not take go nowhere.

    Python would try again at exit, complain, and turn the exit status into 120.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
