"""Counters over time: raw as read, so that new rules work on old recordings."""

import msgspec

from diag.model.base import Record
from diag.model.gap import Gap
from diag.model.ids import ProcessId
from diag.model.stack import Frame


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
        major_faults: pages that had to be read from storage or swap so far.
        read_bytes: read from storage, None if not readable.
        write_bytes: written to storage.
        open_files: number of descriptors, None if not readable.
        open_files_limit: RLIMIT_NOFILE, the soft one; None if unlimited or not readable.
        open_kinds: number of descriptors by kind ("file", "socket", "pipe", ...), read
            only where at least half of the limit is used.
        run_delay_s: time it was runnable and had no CPU, main thread
            (`/proc/PID/schedstat`), None if not readable.
        exit_status: of a zombie, as wait4 would give it, None if unknown.
        forked_without_exec: it still runs in a copy of its parent's memory.
        name: the kernel's name (comm).

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
    major_faults: int = 0
    read_bytes: int | None = None
    write_bytes: int | None = None
    open_files: int | None = None
    open_files_limit: int | None = None
    open_kinds: dict[str, int] = msgspec.field(default_factory=dict)
    run_delay_s: float | None = None
    exit_status: int | None = None
    forked_without_exec: bool = False
    name: str = ""

    @property
    def pid(self) -> int:
        """The process id in the observer's namespace."""
        return self.id.pid


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
        refaults: pages read back so far after the kernel had dropped or swapped them
            out not long before (`workingset_refault`), None on kernels without.
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
    refaults: int | None = None
    cpu_pressure_s: float | None = None
    memory_pressure_s: float | None = None


class SharedConnection(Record, frozen=True):
    """A connection to a database that several processes have open, as after a fork.

    Attributes:
        inode: of the socket, the same in all of them.
        server: "PostgreSQL at 127.0.0.1:5432".
        pids: who has it open, parents before children.
        also_own: those of them that have a connection of their own to the same server.

    """

    inode: int
    server: str
    pids: tuple[int, ...]
    also_own: tuple[int, ...] = ()


class Ended(Record, frozen=True):
    """A process that was seen alive and has been collected by its parent since.

    Attributes:
        id: pid and start time.
        exit_status: as wait4 gave it.

    """

    id: ProcessId
    exit_status: int


class Sample(Record, frozen=True, tag="sample", tag_field="record"):
    """The counters of a tree at one moment.

    Attributes:
        root: the target.
        at_s: CLOCK_MONOTONIC seconds.
        taken_at_unix_s: wall-clock time.
        processes: those alive, the root first.
        group: limits and use of the root's control groups, None if not readable.
        connections: databases' connections that are shared, None if not looked for.
        ended: those that are gone since the sample before, as far as the kernel tells how.
        gaps: what could not be read.

    """

    root: ProcessId
    at_s: float
    taken_at_unix_s: float
    processes: tuple[ProcessSample, ...]
    group: GroupSample | None = None
    connections: tuple[SharedConnection, ...] | None = None
    ended: tuple[Ended, ...] = ()
    gaps: tuple[Gap, ...] = ()


class LockTurns(Record, frozen=True):
    """How a thread that goes round takes locks and gives them back.

    Attributes:
        held: addresses of the locks inside of whose `with` it was seen.
        most: how many at once.
        taken: how often it was seen inside of one that it was not inside of before.
        known: addresses of the locks that its variables refer to.
        tries: whether its code names `acquire` as well.

    """

    held: tuple[int, ...]
    most: int
    taken: int
    known: tuple[int, ...]
    tries: bool


class Turns(Record, frozen=True):
    """Whether a thread comes back to the same states: its frames and what they refer to.

    Attributes:
        looks: how often its frames could be read.
        states: how many different ones were seen, instructions left aside.
        places: at how many different instructions.
        new_states: looks of the later half that show what none of the earlier half did.
        new_values: the same for the variables of `frame` and its globals alone.
        new_numbers: the same for the numbers that it works with.
        new_at_end: whether the last look is one of `new_values`.
        paths: how many different chains of functions were seen.
        calls: whether it calls functions that do more than ask.
        handles: whether objects come and go on its stack that are not watched: it may work
            with them.
        opaque: a call, or a type of object, whose progress cannot be seen; None if all can.
        asks: functions that were seen and only ask ("is_set", "acquire", "stat").
        frame: the innermost frame that was there in every look: the loop is in it.
        locks: how it takes locks, None if it was never seen inside of a `with` on one.

    """

    looks: int
    states: int
    places: int
    new_states: int
    new_values: int
    new_numbers: int
    new_at_end: bool
    frame: Frame
    paths: int = 1
    calls: bool = True
    handles: bool = True
    opaque: str | None = None
    asks: tuple[str, ...] = ()
    locks: LockTurns | None = None


class ThreadActivity(Record, frozen=True):
    """What one thread was doing, over many quick looks.

    Attributes:
        pid: its process.
        tid: kernel thread id.
        looks: how often it was looked at.
        running: looks in which it ran or was runnable.
        waiting_for_gil: looks in which it waited for the GIL; 0 too where the
            process's GIL is not known (`Process.gil`).
        cpu_ticks: CPU time used between the first and the last look.
        waiting_for_lock: looks in which it waited for `lock`.
        lock: address of the private futex, not the GIL's, on which it was seen most;
            of the mutex where it is parked (CPython 3.14 and later).
        turns: whether it goes round in circles, None if that was not looked for or its
            frames could not be read.

    """

    pid: int
    tid: int
    looks: int
    running: int
    waiting_for_gil: int
    cpu_ticks: int
    waiting_for_lock: int = 0
    lock: int | None = None
    turns: Turns | None = None


class Activity(Record, frozen=True, tag="activity", tag_field="record"):
    """A second or so of quick looks at the threads of a tree.

    Attributes:
        root: the target.
        started_s: CLOCK_MONOTONIC at the first look.
        ended_s: at the last.
        threads: what each thread was doing, of the processes that used CPU time.
        gaps: processes that could not be looked at, and threads beyond the budget.

    """

    root: ProcessId
    started_s: float
    ended_s: float
    threads: tuple[ThreadActivity, ...]
    gaps: tuple[Gap, ...] = ()
