"""The machine, as far as a judgement depends on it."""

from diag.model.base import AboveZero, Record


class Host(Record, frozen=True):
    """Facts that hold for a whole recording.

    Attributes:
        kernel: release, as `uname -r`.
        machine: "x86_64".
        cpus: online CPUs.
        memory_bytes: physical memory.
        clock_ticks_per_s: unit of `start_ticks` and of CPU times.
        page_bytes: size of a memory page.
        ptrace_scope: Yama's setting, None without Yama.

    """

    kernel: str
    machine: str
    cpus: int
    memory_bytes: int
    clock_ticks_per_s: AboveZero
    page_bytes: int
    ptrace_scope: int | None = None
