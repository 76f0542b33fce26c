"""What the kernel lets a process use."""

import math

from diag.model.base import Record
from diag.model.gap import Gap


class Limits(Record, frozen=True):
    """The tightest limits on the way up the control group tree, and the affinity.

    Attributes:
        affinity_cpus: number of CPUs the process may run on.
        cpu_quota_cpus: CPU time per wall time, 0.5 = half a CPU; None if unlimited.
        cpu_quota_source: the file that sets it.
        memory_limit_bytes: None if unlimited.
        memory_limit_source: the file that sets it.
        memory_used_bytes: use of the group that has the limit.
        periods: enforcement periods in which the group wanted to run.
        throttled_periods: those in which it was stopped.
        throttled_s: seconds of run time withheld, summed over CPUs.
        oom_kills: processes killed for memory in the group.
        open_files_soft: RLIMIT_NOFILE, None if unlimited.
        processes_soft: RLIMIT_NPROC, threads of the user included; None if unlimited.
        address_space_bytes: RLIMIT_AS, None if unlimited.
        tasks_limit: processes and threads that there may be, by the limit with the least
            room left: of a control group, the user or the machine.
        tasks_used: those that there are, of all that count towards it.
        tasks_limit_source: the file or setting.
        gaps: what could not be read.

    """

    affinity_cpus: int | None = None
    cpu_quota_cpus: float | None = None
    cpu_quota_source: str | None = None
    memory_limit_bytes: int | None = None
    memory_limit_source: str | None = None
    memory_used_bytes: int | None = None
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_s: float | None = None
    oom_kills: int | None = None
    open_files_soft: int | None = None
    processes_soft: int | None = None
    address_space_bytes: int | None = None
    tasks_limit: int | None = None
    tasks_used: int | None = None
    tasks_limit_source: str | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def effective_cpus(self) -> float | None:
        """How many CPUs' worth of time the process can get; None if nothing is known."""
        known = [cpus for cpus in (self.affinity_cpus, self.cpu_quota_cpus) if cpus is not None]
        return min(known) if known else None

    @property
    def worker_count(self) -> int | None:
        """How many workers a CPU-bound pool should have; None if nothing is known.

        A quota is rounded up: the last, throttled worker uses the fraction that is left over.
        """
        cpus = self.effective_cpus
        return None if cpus is None else max(1, math.ceil(cpus))
