"""Identity of processes and threads."""

from typing import NamedTuple

from diag.model.base import Record


class ProcessId(Record, frozen=True, order=True):
    """A process, told apart from a later one with the same pid.

    Attributes:
        pid: the process id in the observer's pid namespace.
        start_ticks: start time in clock ticks since boot, field 22 of
            `/proc/PID/stat` (proc(5)).

    """

    pid: int
    start_ticks: int


class ThreadId(NamedTuple):
    """A thread within one snapshot, where every pid is unique.

    Attributes:
        pid: the process id in the observer's pid namespace.
        tid: the kernel's thread id in the same namespace.

    """

    pid: int
    tid: int
