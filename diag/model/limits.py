"""What the kernel lets a process use."""

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
        open_files_soft: RLIMIT_NOFILE.
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
    gaps: tuple[Gap, ...] = ()
