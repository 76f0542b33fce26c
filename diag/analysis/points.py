"""One counter of one process, or of the limiting group, over the samples of a case."""

from collections.abc import Callable

from diag.analysis.amounts import mebibytes
from diag.analysis.case import Case
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


def room(case: Case) -> tuple[float, float, str]:
    """Return the memory used, the limit that is tightest, and whose limit it is, in words."""
    group = case.samples[-1].group
    points = working_set(case.samples)
    if group is not None and group.memory_limit_bytes is not None and points:
        limit = group.memory_limit_bytes
        return points[-1][1], limit, f"the {mebibytes(limit)} of its control group"
    used = sum(process.rss_bytes for process in case.samples[-1].processes)
    limit = case.host.memory_bytes
    return used, limit, f"the {mebibytes(limit)} of the machine"
