"""What is counted between the two sweeps of a look."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing

from diag.analysis.demand import LEAST_LOOKS
from diag.collect.activity import Observer
from diag.collect.cpython import Circling
from diag.collect.sampling import Sampler
from diag.model.codec import Line
from diag.model.sample import Activity, ProcessSample, Sample
from diag.model.snapshot import Snapshot
from diag.model.wait import WaitKind
from diag.watching.growing import grows

_SAMPLE_EVERY_S = 0.25
_MOST_SAMPLES = 240
_FIRST_INTERVAL_S = 0.1
_ACTIVITY_AT_LEAST_S = 0.8  # of a busy tree; shorter and chance decides
_ACTIVITY_AT_MOST_S = 3.0
_MOST_PAUSING = 8  # threads of a process; more are looked at only where CPU time is used
_PAUSES = (WaitKind.SLEEP, WaitKind.LOCK)
_LOOKS_AT_LEAST = 20  # on a crowded machine diag itself waits for a CPU
_ACTIVITY_CROWDED_S = 8.0  # at most, for the few looks without which nothing is said


def count_until(
    first: Snapshot,
    until_s: float,
    *,
    record: Callable[[Line], None],
    at_latest_s: float | None = None,
) -> tuple[tuple[Sample, ...], tuple[Activity, ...]]:
    """Take samples until `until_s` and, of processes that use CPU time, an activity.

    If a process does, it takes at least `_ACTIVITY_AT_LEAST_S`.

    Args:
        first: the sweep that went before.
        until_s: CLOCK_MONOTONIC seconds.
        record: takes each line as soon as it exists.
        at_latest_s: until when to go on while something grows; None for `until_s`.

    Raises:
        TargetGoneError: the root ended.

    """
    now_s = time.monotonic()
    every_s = max(_SAMPLE_EVERY_S, (until_s - now_s) / _MOST_SAMPLES)
    with closing(Sampler(first.root.pid)) as sampler:
        counting = _Counting(first, sampler, every_s=every_s, record=record)
        counting.sample()
        time.sleep(min(_FIRST_INTERVAL_S, max(0.0, until_s - now_s)))
        counting.sample()
        activities: tuple[Activity, ...] = ()
        if busy := _running(first) | _pausing(first) | _busy(*counting.samples):
            activities = (counting.observe(busy, until_s),)
            record(activities[0])
        while (now_s := time.monotonic()) < until_s:
            time.sleep(min(until_s - now_s, counting.every_s))
            counting.sample()
        while time.monotonic() < (at_latest_s or until_s) and grows(counting.samples):
            time.sleep(counting.every_s)
            counting.sample()
        return tuple(counting.samples), activities


class _Counting:
    """The samples of one look so far, and how to go on."""

    def __init__(
        self,
        first: Snapshot,
        sampler: Sampler,
        *,
        every_s: float,
        record: Callable[[Line], None],
    ) -> None:
        self.every_s = every_s
        self.samples: list[Sample] = []
        self._first, self._record = first, record
        self._sampler = sampler

    def sample(self) -> None:
        self.samples.append(self._sampler.take(connections=not self.samples))
        self._record(self.samples[-1])

    def observe(self, pids: set[int], until_s: float) -> Activity:
        """Look at threads until `until_s` and long enough, sampling all the while."""
        started_s = time.monotonic()
        latest_s, crowded_s = started_s + _ACTIVITY_AT_MOST_S, started_s + _ACTIVITY_CROWDED_S
        enough_s = min(max(until_s, started_s + _ACTIVITY_AT_LEAST_S), latest_s)
        observer = Observer(self._first, pids)
        circling = Circling(self._first)
        circles_at_s = 0.0  # it costs more, and must not keep the other from looking
        try:
            while (now_s := time.monotonic()) < enough_s or (
                (now_s < latest_s and min(observer.looks, circling.looks) < _LOOKS_AT_LEAST)
                or (now_s < crowded_s and observer.looks < LEAST_LOOKS)
            ):
                pause_s = observer.look()
                if now_s >= circles_at_s:
                    circles_at_s = now_s + circling.look()
                time.sleep(pause_s)
                if now_s >= self.samples[-1].at_s + self.every_s:
                    self.sample()
                    observer.add(_busy(*self.samples[-2:]))
        finally:
            activity = circling.finish(observer.finish())
        self.sample()
        return activity


def _running(seen: Snapshot) -> set[int]:
    return {
        process.pid for _, process, thread in seen.threads() if thread.wait.kind is WaitKind.RUNNING
    }


def _pausing(seen: Snapshot) -> set[int]:
    """Return processes in which several threads pause: they may be in each other's way."""
    pausing = Counter(
        process.pid
        for _, process, thread in seen.threads()
        if thread.ident is not None and thread.wait.timed and thread.wait.kind in _PAUSES
    )
    return {pid for pid, count in pausing.items() if 1 < count <= _MOST_PAUSING}


def _busy(before: Sample, after: Sample) -> set[int]:
    """Return the processes that used CPU time between two samples, or that wanted to."""
    ticks = {process.id: _ticks(process) for process in before.processes}
    return {
        process.pid
        for process in after.processes
        if process.state == "R" or _ticks(process) > ticks.get(process.id, _ticks(process))
    }


def _ticks(process: ProcessSample) -> int:
    return process.user_ticks + process.system_ticks
