"""Runs a variant to its end, or watches it hang, and says what it used."""

import time
from collections.abc import Callable

from diag.model.base import Record
from diag.scenario import cgroups, run
from diag.scenario.interpreter import Interpreter
from diag.scenario.labels import Ends, Kind, Scenario, Variant
from diag.scenario.tree import Sample

_SAMPLE_EVERY_S = 0.25


class Moment(Record, frozen=True):
    """What can be told while a variant runs.

    Attributes:
        at_s: since its start.
        lines: printed since the last moment.
        sample: what it uses now.

    """

    at_s: float
    lines: tuple[str, ...]
    sample: Sample


class Outcome(Record, frozen=True, omit_defaults=False):
    """How one run of a variant went.

    Attributes:
        python: version of the interpreter.
        ran: False if it was not tried; `notes` says why.
        wall_s: from start to end, or to the end of watching.
        cpu_s: CPU time of its processes, to a quarter of a second each.
        peak_rss_bytes: highest sum of resident sizes; shared memory counts for each process.
        hung: it was alive and without a result when watching ended.
        exit_status: negative for a signal, None if it was ended by diag.
        usage: counters of its control group, None without one.
        result: what it measured itself.
        notes: what was other than the label asks for.
        last_line: of its output.

    """

    scenario: str
    variant: str
    kind: Kind
    python: str
    ran: bool = True
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_bytes: int = 0
    hung: bool = False
    exit_status: int | None = None
    usage: cgroups.Usage | None = None
    result: dict[str, object] | None = None
    notes: tuple[str, ...] = ()
    last_line: str = ""


def measure(
    scenario: Scenario,
    variant: Variant,
    *,
    python: Interpreter,
    quick: bool = False,
    watch_s: float | None = None,
    on_moment: Callable[[Moment], None] = lambda _: None,
) -> Outcome:
    """Run a variant until it ends or its time is up; nothing of it is left.

    A hang is watched for `watch_s` seconds after it is ready, the label's time by default.
    """
    if python.numbers < variant.needs.version:
        note = f"needs Python {variant.needs.python}, this is {python.version}"
        return Outcome(
            scenario=scenario.name,
            variant=variant.name,
            kind=variant.kind,
            python=python.version,
            ran=False,
            notes=(note,),
        )
    peak, told, watched_until, started = 0, 0, None, time.monotonic()
    with run.launch(scenario, variant, python=python.command, quick=quick) as running:
        while True:
            ended = running.exit_status() is not None
            sample = running.tree.sample()
            peak = max(peak, sample.rss_bytes)
            at_s = time.monotonic() - started
            if watched_until is None and running.ready and variant.ends is Ends.HANGS:
                watched_until = at_s + (variant.watch_s if watch_s is None else watch_s)
            lines = tuple(running.lines[told:])
            told += len(lines)
            on_moment(Moment(at_s=at_s, lines=lines, sample=sample))
            if ended or at_s > (watched_until or variant.deadline_s):
                break
            time.sleep(_SAMPLE_EVERY_S)
        exit_status, usage = running.exit_status(), running.usage()
        running.end()
        on_moment(Moment(at_s=at_s, lines=tuple(running.lines[told:]), sample=sample))
        return Outcome(
            scenario=scenario.name,
            variant=variant.name,
            kind=variant.kind,
            python=python.version,
            wall_s=at_s,
            cpu_s=sample.cpu_s,
            peak_rss_bytes=peak,
            hung=exit_status is None and running.result is None,
            exit_status=exit_status,
            usage=usage,
            result=running.result,
            notes=running.notes,
            last_line=running.lines[-1] if running.lines else "",
        )
