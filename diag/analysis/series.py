"""The counters of a recording as series, for pictures."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from diag.analysis.rates import difference, ticks
from diag.model.report import Point, Series
from diag.model.sample import GroupSample, ProcessSample, Sample


def series_of(samples: tuple[Sample, ...], *, ticks_per_s: int) -> tuple[Series, ...]:
    """Return CPU, memory, threads and throttling over time; () if there are too few samples.

    `cpu_cores`, `rss_bytes` and `threads` are of the whole tree; `memory_used_bytes`,
    `memory_limit_bytes` and `throttled_share` (of the periods) of the limiting group.
    Seconds count from the first sample.
    """
    if len(samples) < 2:
        return ()
    made = (
        _series("cpu_cores", samples, _cpu_cores(samples, ticks_per_s)),
        _series("rss_bytes", samples, (_total(each, lambda p: p.rss_bytes) for each in samples)),
        _series("threads", samples, (_total(each, lambda p: p.threads) for each in samples)),
        _series("memory_used_bytes", samples, _group(samples, lambda g: g.memory_used_bytes)),
        _series("memory_limit_bytes", samples, _group(samples, lambda g: g.memory_limit_bytes)),
        _series("throttled_share", samples, _throttled(samples)),
    )
    return tuple(each for each in made if each.points)


def _series(name: str, samples: tuple[Sample, ...], values: Iterable[float | None]) -> Series:
    start_s = samples[0].at_s
    return Series(
        name=name,
        points=tuple(
            Point(at_s=round(sample.at_s - start_s, 3), value=value)
            for sample, value in zip(samples, values, strict=True)
            if value is not None
        ),
    )


def _total(sample: Sample, of: Callable[[ProcessSample], int]) -> float:
    return sum(map(of, sample.processes))


def _group(
    samples: tuple[Sample, ...], of: Callable[[GroupSample], float | None]
) -> Iterator[float | None]:
    return (None if sample.group is None else of(sample.group) for sample in samples)


def _cpu_cores(samples: tuple[Sample, ...], ticks_per_s: int) -> Iterator[float | None]:
    """CPU time between a sample and the one before, of the processes of both."""
    yield None
    for before, after in pairwise(samples):
        known = {process.id: ticks(process) for process in before.processes}
        used = sum(
            max(0, ticks(process) - known[process.id])
            for process in after.processes
            if process.id in known
        )
        seconds = after.at_s - before.at_s
        yield used / ticks_per_s / seconds if seconds > 0 else None


def _throttled(samples: tuple[Sample, ...]) -> Iterator[float | None]:
    yield None
    for before, after in pairwise(samples):
        first, last = before.group, after.group
        if first is None or last is None:
            yield None
            continue
        periods = difference(first.periods, last.periods)
        throttled = difference(first.throttled_periods, last.throttled_periods)
        yield None if not periods or throttled is None else throttled / periods
