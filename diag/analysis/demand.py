"""Who wants CPU time, and what keeps it from running: another thread's GIL, or other processes.

A thread wants CPU time if, in most looks, it ran, was runnable, or waited for the GIL. One
that sleeps or does I/O and now and then waits for the GIL wants it only if it also used its
share of CPU time: a ticker beside a computing thread is at the GIL in every second look.
"""

from typing import NamedTuple

from diag.model.sample import Activity, ThreadActivity

_MOST_LOOKS = 0.6
_AT_GIL = 0.15
_FAIR_SHARE = 0.3  # of the mean CPU time of those that want it
_LEAST_LOOKS = 10


class Demand(NamedTuple):
    """What the threads of one process want.

    Attributes:
        pid: the process.
        at_gil: threads that want CPU time and are held up by the GIL.
        running: threads that ran or were runnable in most looks.
        cpus: how many CPUs they would use at once: threads in state R, on average.
        gil_share: part of the time of `at_gil` that was spent waiting for the GIL.
        used_cpus: CPU time used per second.

    """

    pid: int
    at_gil: tuple[ThreadActivity, ...]
    running: tuple[ThreadActivity, ...]
    cpus: float
    gil_share: float
    used_cpus: float


def demands(activity: Activity, *, ticks_per_s: int) -> dict[int, Demand]:
    """Return what each process that was looked at wants, by pid."""
    seconds = activity.ended_s - activity.started_s
    by_pid: dict[int, list[ThreadActivity]] = {}
    for thread in activity.threads:
        by_pid.setdefault(thread.pid, []).append(thread)
    return {pid: _demand(pid, threads, seconds * ticks_per_s) for pid, threads in by_pid.items()}


def _demand(pid: int, threads: list[ThreadActivity], ticks: float) -> Demand:
    seen = [thread for thread in threads if thread.looks >= _LEAST_LOOKS]
    eager = [t for t in seen if t.running + t.waiting_for_gil >= _MOST_LOOKS * t.looks]
    mean = sum(thread.cpu_ticks for thread in eager) / len(eager) if eager else 0.0
    wanting = [t for t in eager if t.cpu_ticks >= max(1.0, _FAIR_SHARE * mean)]
    at_gil = [t for t in wanting if t.waiting_for_gil >= _AT_GIL * t.looks]
    looks = sum(thread.looks for thread in at_gil)
    return Demand(
        pid=pid,
        at_gil=tuple(at_gil),
        running=tuple(t for t in seen if t.running >= _MOST_LOOKS * t.looks),
        cpus=sum(thread.running / thread.looks for thread in seen),
        gil_share=sum(t.waiting_for_gil for t in at_gil) / looks if looks else 0.0,
        used_cpus=sum(thread.cpu_ticks for thread in threads) / ticks if ticks > 0 else 0.0,
    )
