"""Whether a longer look could tell more: something grows that a leak would let grow."""

from collections.abc import Sequence

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
    histories: dict[ProcessId, list[ProcessSample]] = {
        process.id: [] for process in samples[0].processes
    }
    for sample in samples:
        for process in sample.processes:
            if process.id in histories:
                histories[process.id].append(process)
    lives = [history for history in histories.values() if len(history) == len(samples)]
    return any(map(_has_grown, lives)) or len(_newcomers(samples)) >= _LEAST_CHILDREN


def _has_grown(history: Sequence[ProcessSample]) -> bool:
    return (
        _rose([each.rss_bytes for each in history]) >= _LEAST_BYTES
        or _rose([each.threads for each in history]) >= 1
        or _rose([each.open_files or 0 for each in history]) >= _LEAST_DESCRIPTORS
    )


def _rose(values: Sequence[int]) -> int:
    """Return by how much there is more than at first, 0 if there was more in between."""
    return values[-1] - values[0] if values[-1] >= max(values) else 0


def _newcomers(samples: Sequence[Sample]) -> set[ProcessId]:
    """Return the processes that were born meanwhile, zombies too."""
    known = {process.id for process in samples[0].processes}
    return {
        process.id for sample in samples for process in sample.processes if process.id not in known
    }
