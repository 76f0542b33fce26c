"""One counter of one process, or of the limiting group, over the samples of a case."""

from collections.abc import Callable

from diag.model.ids import ProcessId
from diag.model.sample import ProcessSample, Sample

Points = list[tuple[float, float]]


def of_process(
    samples: tuple[Sample, ...], process: ProcessId, value: Callable[[ProcessSample], float | None]
) -> Points:
    """Return (CLOCK_MONOTONIC seconds, value) of a process wherever it is known."""
    points = []
    for sample in samples:
        found = next((each for each in sample.processes if each.id == process), None)
        if found is not None and (number := value(found)) is not None:
            points.append((sample.at_s, number))
    return points


def working_set(samples: tuple[Sample, ...]) -> Points:
    """Return the memory of the limiting group that the kernel cannot simply drop, bytes.

    Its use without the inactive file pages: what Kubernetes calls the working set.
    """
    return [
        (sample.at_s, group.memory_used_bytes - (group.memory_cache_bytes or 0))
        for sample in samples
        if (group := sample.group) is not None and group.memory_used_bytes is not None
    ]
