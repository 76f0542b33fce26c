"""How counters move between the first and the last sample; one that goes backwards is not used."""

from typing import NamedTuple

from diag.model.ids import ProcessId
from diag.model.sample import ProcessSample, Sample


class Throttling(NamedTuple):
    """What a CPU quota withheld.

    Attributes:
        periods: enforcement periods in which the group wanted to run.
        throttled: those in which it was stopped.
        withheld_cpus: CPU time withheld per second.
        used_cpus: CPU time that the tree used per second.

    """

    periods: int
    throttled: int
    withheld_cpus: float
    used_cpus: float

    @property
    def share_of_periods(self) -> float:
        """Part of the periods in which it was stopped, 0 to 1."""
        return self.throttled / self.periods if self.periods else 0.0

    @property
    def share_of_time(self) -> float:
        """Part of the CPU time wanted that was withheld, 0 to 1."""
        wanted = self.withheld_cpus + self.used_cpus
        return self.withheld_cpus / wanted if wanted else 0.0


def span_s(samples: tuple[Sample, ...]) -> float:
    """Return the seconds from the first sample to the last."""
    return samples[-1].at_s - samples[0].at_s if samples else 0.0


def pairs(samples: tuple[Sample, ...]) -> list[tuple[ProcessSample, ProcessSample]]:
    """Return the processes of both the first and the last sample, first and last."""
    if len(samples) < 2:
        return []
    before = {process.id: process for process in samples[0].processes}
    return [
        (before[process.id], process) for process in samples[-1].processes if process.id in before
    ]


def cpu_cores(samples: tuple[Sample, ...], ticks_per_s: int) -> dict[ProcessId, float]:
    """Return the CPU time used per second by each process that lived all the time."""
    seconds = span_s(samples)
    if seconds <= 0:
        return {}
    return {
        after.id: max(0, ticks(after) - ticks(before)) / ticks_per_s / seconds
        for before, after in pairs(samples)
    }


def throttling(samples: tuple[Sample, ...], ticks_per_s: int) -> Throttling | None:
    """Return what the quota withheld, None if there is none or its counters cannot be used."""
    if len(samples) < 2 or samples[0].group is None or samples[-1].group is None:
        return None
    first, last, seconds = samples[0].group, samples[-1].group, span_s(samples)
    periods = difference(first.periods, last.periods)
    throttled = difference(first.throttled_periods, last.throttled_periods)
    withheld = difference(first.throttled_s, last.throttled_s)
    if periods is None or throttled is None or withheld is None or seconds <= 0:
        return None
    return Throttling(
        periods=int(periods),
        throttled=int(throttled),
        withheld_cpus=withheld / seconds,
        used_cpus=sum(cpu_cores(samples, ticks_per_s).values()),
    )


def oom_kills(samples: tuple[Sample, ...]) -> int | None:
    """Return how many processes were killed for memory meanwhile, None if not known."""
    if len(samples) < 2 or samples[0].group is None or samples[-1].group is None:
        return None
    kills = difference(samples[0].group.oom_kills, samples[-1].group.oom_kills)
    return None if kills is None else int(kills)


def difference(before: float | None, after: float | None) -> float | None:
    """Return by how much a counter rose; None if it is unknown or went backwards."""
    if before is None or after is None or after < before:
        return None
    return after - before


def ticks(process: ProcessSample) -> int:
    """Return the CPU time of a process since its start, clock ticks."""
    return process.user_ticks + process.system_ticks
