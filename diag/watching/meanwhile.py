"""What is counted between the two sweeps of a look."""

import time
from collections.abc import Callable

from diag.collect.activity import Observer
from diag.collect.sampling import Sampler
from diag.model.codec import encode_line
from diag.model.sample import Activity, ProcessSample, Sample
from diag.model.snapshot import Snapshot
from diag.model.wait import WaitKind

_SAMPLE_EVERY_S = 0.25
_MOST_SAMPLES = 240
_FIRST_INTERVAL_S = 0.1
_ACTIVITY_AT_LEAST_S = 0.8  # of a busy tree; shorter and chance decides
_ACTIVITY_AT_MOST_S = 2.0


def count_until(
    first: Snapshot, until_s: float, *, record: Callable[[bytes], None]
) -> tuple[tuple[Sample, ...], tuple[Activity, ...]]:
    """Take samples until `until_s` and, of processes that use CPU time, an activity.

    If a process does, it takes at least `_ACTIVITY_AT_LEAST_S`.

    Args:
        first: the sweep that went before.
        until_s: CLOCK_MONOTONIC seconds.
        record: called with each line as soon as it exists.

    Raises:
        TargetGoneError: the root ended.

    """
    sampler = Sampler(first.root.pid)
    samples: list[Sample] = []

    def sample() -> None:
        samples.append(sampler.take())
        record(encode_line(samples[-1]))

    now_s = time.monotonic()
    every_s = max(_SAMPLE_EVERY_S, (until_s - now_s) / _MOST_SAMPLES)
    sample()
    _sleep_until(min(now_s + _FIRST_INTERVAL_S, max(until_s, now_s)))
    sample()
    activities = ()
    if busy := _busy(first, samples[0], samples[-1]):
        now_s = time.monotonic()
        until_s = max(until_s, now_s + _ACTIVITY_AT_LEAST_S)
        observer = Observer(first, busy)
        try:
            end_s = min(until_s, now_s + _ACTIVITY_AT_MOST_S)
            next_sample_s = now_s + every_s
            while (now_s := time.monotonic()) < end_s:
                _sleep_until(min(end_s, now_s + observer.look()))
                if now_s >= next_sample_s:
                    sample()
                    next_sample_s = now_s + every_s
        finally:
            activities = (observer.finish(),)
        record(encode_line(activities[0]))
    while (now_s := time.monotonic()) < until_s:
        _sleep_until(min(until_s, now_s + every_s))
        sample()
    return tuple(samples), activities


def _busy(first: Snapshot, before: Sample, after: Sample) -> set[int]:
    """Return the processes that used CPU time between two samples, or that wanted to."""
    ticks = {process.id: _ticks(process) for process in before.processes}
    used = {
        process.pid
        for process in after.processes
        if _ticks(process) > ticks.get(process.id, _ticks(process))
    }
    running = {
        process.pid
        for _, process, thread in first.threads()
        if thread.wait.kind is WaitKind.RUNNING
    }
    return used | running


def _ticks(process: ProcessSample) -> int:
    return process.user_ticks + process.system_ticks


def _sleep_until(moment_s: float) -> None:
    time.sleep(max(0.0, moment_s - time.monotonic()))
