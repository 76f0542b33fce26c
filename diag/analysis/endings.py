"""How processes ended that the samples saw alive."""

import signal

from diag.model.ids import ProcessId
from diag.model.sample import ProcessSample, Sample

CORE_DUMPED = 0x80  # of a status as wait4(2) gives it
_SIGNAL = 0x7F
_RECYCLED = 0x9B  # EX_RECYCLE of billiard: it has done its share, or uses too much memory


def exit_statuses(samples: tuple[Sample, ...]) -> dict[ProcessId, int]:
    """Return the exit status, as wait4 gives it, of each process whose end is known."""
    found: dict[ProcessId, int] = {}
    for sample in samples:
        for process in sample.processes:
            if process.state == "Z" and process.exit_status is not None:
                found[process.id] = process.exit_status
        found |= {ended.id: ended.exit_status for ended in sample.ended}
    return found


def last_seen(samples: tuple[Sample, ...]) -> dict[ProcessId, ProcessSample]:
    """Return each process as it was seen last."""
    return {process.id: process for sample in samples for process in sample.processes}


def signal_of(status: int) -> signal.Signals | None:
    """Return the signal that ended a process, None if it ended by itself."""
    number = status & _SIGNAL
    try:
        return signal.Signals(number) if number else None
    except ValueError:  # a real-time signal
        return None


def in_good_order(status: int) -> bool:
    """Return whether a worker of a pool ends like this when it has done its work."""
    return exit_code_of(status) in (0, _RECYCLED)


def exit_code_of(status: int) -> int | None:
    """Return what a process passed to exit(), None if a signal ended it."""
    return None if status & _SIGNAL else status >> 8 & 0xFF
