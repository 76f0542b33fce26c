"""Whether a longer look could tell more: something grows that a leak would let grow."""

from collections.abc import Callable, Sequence

from diag.model.ids import ProcessId
from diag.model.sample import ProcessSample, Sample

_LEAST_BYTES = 256 << 10
_LEAST_DESCRIPTORS = 3
_LEAST_CHILDREN = 2


def grows(samples: Sequence[Sample]) -> bool:
    """Return whether memory, threads, descriptors or children of a process became more.

    Of memory, threads and descriptors it must be the most that was seen: what goes up and down
    is no leak.
    """
    first = {process.id: process for process in samples[0].processes}
    for process in samples[-1].processes:
        if process.id not in first:
            continue
        if _rose(samples, process, lambda each: each.rss_bytes) >= _LEAST_BYTES:
            return True
        if _rose(samples, process, lambda each: each.threads) >= 1:
            return True
        if _rose(samples, process, lambda each: each.open_files or 0) >= _LEAST_DESCRIPTORS:
            return True
    return len(_newcomers(samples)) >= _LEAST_CHILDREN


def _rose(
    samples: Sequence[Sample], process: ProcessSample, value: Callable[[ProcessSample], int]
) -> int:
    """Return by how much a process has more than at first, 0 if it had more in between."""
    values = [
        value(each) for sample in samples for each in sample.processes if each.id == process.id
    ]
    return values[-1] - values[0] if values[-1] >= max(values) else 0


def _newcomers(samples: Sequence[Sample]) -> set[ProcessId]:
    """Return the processes that were born meanwhile, zombies too."""
    known = {process.id for process in samples[0].processes}
    return {
        process.id for sample in samples for process in sample.processes if process.id not in known
    }
