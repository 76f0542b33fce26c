"""Runs a variant to its end, or watches it hang, and says what it used."""

import time
from collections.abc import Callable

import psutil

from diag.model.base import Record
from diag.scenario import cgroups, run
from diag.scenario.interpreter import Interpreter
from diag.scenario.labels import Ends, Kind, Scenario, Variant
from diag.scenario.tree import Sample

_SAMPLE_EVERY_S = 0.25
_BUSY_SHARE = 0.2  # of the machine in use by others: above it, times mislead


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
    contained: bool = False,
    on_moment: Callable[[Moment], None] = lambda _: None,
) -> Outcome:
    """Run a variant until it ends or its time is up; nothing of it is left.

    A hang is watched for `watch_s` seconds after it is ready, the label's time by default.
    Raises NotPermittedError if it is to be `contained` in a container and cannot be.
    """
    if note := variant.needs.missing(python):
        return Outcome(
            scenario=scenario.name,
            variant=variant.name,
            kind=variant.kind,
            python=python.version,
            ran=False,
            notes=(note,),
        )
    others_before_s, started = _machine_cpu_s(), time.monotonic()
    with run.launch(
        scenario, variant, python=python.command, quick=quick, contained=contained
    ) as running:
        hang_s = variant.watch_s if watch_s is None else watch_s
        peak_rss_bytes, sample = _follow(running, variant, hang_s, on_moment)
        wall_s = time.monotonic() - started
        exit_status, usage = running.exit_status(), running.usage()
        others_s = _machine_cpu_s() - others_before_s - sample.cpu_s
        running.end()
        hung = exit_status is None and running.result is None
        return Outcome(
            scenario=scenario.name,
            variant=variant.name,
            kind=variant.kind,
            python=python.version,
            wall_s=wall_s,
            cpu_s=sample.cpu_s,
            peak_rss_bytes=peak_rss_bytes,
            hung=hung,
            exit_status=exit_status,
            usage=usage,
            result=running.result,
            notes=(*running.notes, *(() if hung else _busy(others_s / wall_s))),
            last_line=running.lines[-1] if running.lines else "",
        )


def _follow(
    running: run.Running, variant: Variant, hang_s: float, on_moment: Callable[[Moment], None]
) -> tuple[int, Sample]:
    """Return the peak of memory and the last sample, once it has ended or its time is up."""
    peak_rss_bytes, told, started = 0, 0, time.monotonic()
    until_s = variant.deadline_s
    while True:
        ended = running.ended()
        sample = running.tree.sample()
        peak_rss_bytes = max(peak_rss_bytes, sample.rss_bytes)
        at_s = time.monotonic() - started
        if running.ready and variant.ends is Ends.HANGS:
            until_s = min(until_s, at_s + hang_s)
        lines = tuple(running.lines[told:])
        told += len(lines)
        on_moment(Moment(at_s=at_s, lines=lines, sample=sample))
        if ended or at_s > until_s:
            return peak_rss_bytes, sample
        time.sleep(_SAMPLE_EVERY_S)


def _machine_cpu_s() -> float:
    """Return the CPU time that the whole machine has spent working, all CPUs together."""
    times = psutil.cpu_times()
    return float(sum(times[:3]) + times.irq + times.softirq)  # user, nice, system


def _busy(others_cpus: float) -> tuple[str, ...]:
    cpus = psutil.cpu_count() or 1
    if others_cpus < _BUSY_SHARE * cpus:
        return ()
    return (f"other programs used {others_cpus:.1f} of {cpus} CPUs meanwhile: do not trust times",)
