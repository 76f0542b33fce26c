"""Counters over time: raw as read, so that new rules work on old recordings."""

from diag.model.base import Record
from diag.model.gap import Gap
from diag.model.ids import ProcessId


class ProcessSample(Record, frozen=True):
    """The counters of one process at one moment.

    Attributes:
        id: pid and start time.
        parent_pid: 0 if unknown.
        state: letter of the main thread.
        user_ticks: CPU time in user mode since its start, clock ticks.
        system_ticks: CPU time in the kernel.
        threads: number of threads.
        rss_bytes: resident memory.
        pss_bytes: resident memory with shared pages divided among their users,
            None if not read (it is costly).
        voluntary_switches: of the main thread.
        involuntary_switches: of the main thread.
        read_bytes: read from storage, None if not readable.
        write_bytes: written to storage.
        open_files: number of descriptors, None if not readable.
        run_delay_s: time it was runnable and had no CPU, main thread
            (`/proc/PID/schedstat`), None if not readable.

    """

    id: ProcessId
    parent_pid: int
    state: str
    user_ticks: int
    system_ticks: int
    threads: int
    rss_bytes: int
    pss_bytes: int | None = None
    voluntary_switches: int | None = None
    involuntary_switches: int | None = None
    read_bytes: int | None = None
    write_bytes: int | None = None
    open_files: int | None = None
    run_delay_s: float | None = None


class GroupSample(Record, frozen=True):
    """The counters of the control groups that limit the root, at one moment.

    Attributes:
        cpu_usage_s: CPU time used by the group with the tightest CPU quota.
        periods: its enforcement periods so far.
        throttled_periods: those in which it was stopped.
        throttled_s: run time withheld so far, summed over CPUs.
        memory_used_bytes: of the group with the tightest memory limit.
        memory_cache_bytes: the part of it that the kernel can drop.
        memory_limit_bytes: None if unlimited.
        oom_kills: processes killed for memory so far.
        cpu_pressure_s: time in which some task waited for a CPU (PSI "some total").
        memory_pressure_s: time in which all tasks waited for memory (PSI "full total").

    """

    cpu_usage_s: float | None = None
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_s: float | None = None
    memory_used_bytes: int | None = None
    memory_cache_bytes: int | None = None
    memory_limit_bytes: int | None = None
    oom_kills: int | None = None
    cpu_pressure_s: float | None = None
    memory_pressure_s: float | None = None


class Sample(Record, frozen=True, tag="sample", tag_field="record"):
    """The counters of a tree at one moment.

    Attributes:
        root: the target.
        at_s: CLOCK_MONOTONIC seconds.
        taken_at_unix_s: wall-clock time.
        processes: those alive, the root first.
        group: limits and use of the root's control groups, None if not readable.
        gaps: what could not be read.

    """

    root: ProcessId
    at_s: float
    taken_at_unix_s: float
    processes: tuple[ProcessSample, ...]
    group: GroupSample | None = None
    gaps: tuple[Gap, ...] = ()


class ThreadActivity(Record, frozen=True):
    """What one thread was doing, over many quick looks.

    Attributes:
        pid: its process.
        tid: kernel thread id.
        looks: how often it was looked at.
        running: looks in which it ran or was runnable.
        waiting_for_gil: looks in which it waited for the GIL.
        cpu_ticks: CPU time used between the first and the last look.

    """

    pid: int
    tid: int
    looks: int
    running: int
    waiting_for_gil: int
    cpu_ticks: int


class Activity(Record, frozen=True, tag="activity", tag_field="record"):
    """A second or so of quick looks at the threads of a tree.

    Attributes:
        root: the target.
        started_s: CLOCK_MONOTONIC at the first look.
        ended_s: at the last.
        threads: what each thread was doing.

    """

    root: ProcessId
    started_s: float
    ended_s: float
    threads: tuple[ThreadActivity, ...]
