"""What `diag run` and `diag watch` have in common: their options, and a watch put together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from diag.cli.exits import say
from diag.cli.hang import HangAction, OnHang, parse_on_hang
from diag.cli.options import Command, seconds_option, stacks_options

if TYPE_CHECKING:
    from diag.model.finding import Finding
    from diag.model.ids import ProcessId
    from diag.model.recording import Recording
    from diag.model.report import Report
    from diag.watching.hooks import Outcome
    from diag.watching.story import Story
    from diag.watching.target import Target

DEFAULT_LIMIT_MB = 20
MOST_LIMIT_MB = 250  # `diag report` reads no larger ones
FASTEST_S = 0.05


class Watching(NamedTuple):
    """The options that both commands have."""

    interval_s: float
    stall_s: float
    max_overhead: float
    on_hang: OnHang
    core: Path | None
    record_to: Path | None
    record_limit_mb: int
    no_stacks: bool
    show_locals: bool


def watching_options(command: Command) -> Command:
    """Add the options of a watch, and pass them on as one `watching`."""

    @seconds_option("--interval", "interval_s", default=0.5, about="Time between quick looks.")
    @seconds_option(
        "--stall",
        "stall_s",
        default=60.0,
        about="For how long nothing at all may happen in the tree before it is looked into.",
    )
    @click.option(
        "--max-overhead",
        type=click.FloatRange(0.01, 100),
        default=2.0,
        show_default=True,
        metavar="PERCENT",
        help="CPU time that diag may use, of one CPU; a large tree is looked at less often.",
    )
    @click.option(
        "--on-hang",
        default="report",
        show_default=True,
        callback=parse_on_hang,
        metavar="ACTION",
        help="report, kill (the whole tree; exit status 124) or 'exec CMD' (the report in JSON "
        "on its standard input, the pid in DIAG_PID).",
    )
    @click.option(
        "--core",
        type=click.Path(file_okay=False, exists=True, path_type=Path),
        metavar="DIR",
        help="On a hang keep a core of the guilty process there (gcore pauses it).",
    )
    @click.option(
        "--record",
        "record_to",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Keep what is seen, as it is seen, for `diag report` elsewhere and later.",
    )
    @click.option(
        "--record-limit",
        "record_limit_mb",
        type=click.IntRange(min=1, max=MOST_LIMIT_MB),
        default=DEFAULT_LIMIT_MB,
        show_default=True,
        metavar="MB",
        help="Largest size of the recording; old looks are thinned out.",
    )
    @stacks_options
    @wraps(command)
    def with_watching(
        *,
        interval_s: float,
        stall_s: float,
        max_overhead: float,
        on_hang: OnHang,
        core: Path | None,
        record_to: Path | None,
        record_limit_mb: int,
        no_stacks: bool,
        show_locals: bool,
        **others: Any,
    ) -> Any:
        watching = Watching(
            max(interval_s, FASTEST_S),
            stall_s,
            max_overhead,
            on_hang,
            core,
            record_to,
            record_limit_mb,
            no_stacks,
            show_locals,
        )
        return command(watching=watching, **others)

    return with_watching


def watch_target(
    target: Target,
    watching: Watching,
    *,
    judge: Callable[[Recording], Report],
    for_s: float | None,
    kill_at_end: bool = False,
    found: Callable[[Report, tuple[Finding, ...]], None],
    save: Callable[[Report], None],
    show: Callable[[Story], None] = lambda _: None,
) -> Outcome:
    """Watch a target as the options say.

    Args:
        target: what to watch.
        watching: the options.
        judge: from what was seen to a report.
        for_s: how long, None for ever.
        kill_at_end: whether the tree is ended after that time.
        found: told what is new.
        save: writes the reports before a hang is acted on.
        show: takes the story after each step.

    """
    from diag.rules.registry import trouble
    from diag.watching.hooks import Hooks
    from diag.watching.loop import Watcher, ask_pyspy
    from diag.watching.plan import Settings
    from diag.watching.recorder import Recorder, RecordError

    action = HangAction(target, watching.on_hang, watching.core, save)
    recorder = Recorder(watching.record_to, limit_bytes=watching.record_limit_mb << 20)

    def found_and_kept(report: Report, new: tuple[Finding, ...]) -> None:
        recorder.keep_last_look()
        found(report, new)

    def act(report: Report | None, tree: tuple[ProcessId, ...], timed_out: bool) -> bool:  # noqa: FBT001
        if timed_out:
            if report is not None:
                save(report)
            return action.kill(report, tree)
        return action.on_hang(report, tree)

    settings = Settings(
        interval_s=watching.interval_s,
        max_share=watching.max_overhead / 100,
        for_s=for_s,
        stall_s=watching.stall_s,
        act_on_hang=action.wanted,
        act_on_time_out=kill_at_end,
    )
    with ExitStack() as stack:
        try:
            stack.enter_context(recorder)
        except RecordError as error:
            if not target.ours:
                raise
            say(f"warning: {error}")  # the command has begun: it is watched without a recording
        hooks = Hooks(
            judge=judge,
            record=recorder.write,
            show=show,
            found=found_and_kept,
            trouble=trouble,
            act=act,
        )
        stacks = partial(ask_pyspy, show_locals=watching.show_locals)
        watcher = Watcher(target, settings, hooks, stacks=None if watching.no_stacks else stacks)
        outcome = watcher.run()
    if outcome.lost is not None:
        say(f"warning: the last look was not possible: {outcome.lost.because}")
    try:
        recorder.check()
    except RecordError as error:
        say(f"warning: {error}")
    return outcome
