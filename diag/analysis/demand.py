"""Who wants CPU time, and what keeps it from running: another thread's GIL, or other processes.

Looks alone do not tell: a thread that ticks every 10 ms beside one that computes waits for the
GIL in every second look. So only threads that used their share of the CPU time count, and what
they want is the time in which they ran, were runnable, or waited for the GIL.
"""

from typing import NamedTuple

from diag.model.sample import Activity, ThreadActivity

_MOST_LOOKS = 0.6
_FAIR_SHARE = 0.3  # of what each would have if all that count had the same
LEAST_LOOKS = 10
_TURNS = 0.25


class Brief(NamedTuple):
    """What the threads of one process want that were there for a few looks each.

    Attributes:
        at_once: how many there were, on average.
        wanted_cpus: how many of them ran, were runnable or waited for the GIL, on average.
        gil_share: part of that time which was spent waiting for the GIL, 0 to 1.

    """

    at_once: float
    wanted_cpus: float
    gil_share: float


class Demand(NamedTuple):
    """What the threads of one process want.

    Attributes:
        pid: the process.
        computing: threads that used their share of its CPU time.
        wanted_cpus: CPUs that these would use without a GIL: how many of them ran, were
            runnable or waited for the GIL, on average.
        gil_share: part of that time which was spent waiting for the GIL, 0 to 1.
        running: threads in state R in most looks.
        runnable_cpus: CPUs that the process would use: threads in state R, on average over
            all looks, those included that lived for a part of them.
        used_cpus: CPU time used per second.
        lasting_cpus: the part of it that threads used which were there for many looks.
        brief: the others.

    """

    pid: int
    computing: tuple[ThreadActivity, ...]
    wanted_cpus: float
    gil_share: float
    running: tuple[ThreadActivity, ...]
    runnable_cpus: float
    used_cpus: float
    lasting_cpus: float
    brief: Brief

    @property
    def at_once(self) -> int:
        """How many threads ran or were runnable at once; a thread at the GIL does so in turns."""
        return max(len(self.running), int(self.runnable_cpus + _TURNS))


def demands(activity: Activity, *, ticks_per_s: int) -> dict[int, Demand]:
    """Return what each process that was looked at wants, by pid."""
    ticks = (activity.ended_s - activity.started_s) * ticks_per_s
    by_pid: dict[int, list[ThreadActivity]] = {}
    for thread in activity.threads:
        by_pid.setdefault(thread.pid, []).append(thread)
    looks = {pid: max(thread.looks for thread in threads) for pid, threads in by_pid.items()}
    return {
        pid: _demand(pid, threads, looks[pid], ticks)
        for pid, threads in by_pid.items()
        if looks[pid] >= LEAST_LOOKS
    }


def _demand(pid: int, lived: list[ThreadActivity], looks: int, ticks: float) -> Demand:
    threads = [thread for thread in lived if thread.looks >= LEAST_LOOKS]
    computing = _computing(threads)
    ran = sum(thread.running / thread.looks for thread in computing)
    at_gil = sum(thread.waiting_for_gil / thread.looks for thread in computing)
    return Demand(
        pid=pid,
        computing=tuple(sorted(computing, key=lambda thread: -thread.cpu_ticks)),
        wanted_cpus=ran + at_gil,
        gil_share=at_gil / (ran + at_gil) if ran + at_gil else 0.0,
        running=tuple(t for t in threads if t.running >= _MOST_LOOKS * t.looks),
        runnable_cpus=sum(thread.running for thread in lived) / looks,
        used_cpus=sum(thread.cpu_ticks for thread in lived) / ticks if ticks > 0 else 0.0,
        lasting_cpus=sum(thread.cpu_ticks for thread in threads) / ticks if ticks > 0 else 0.0,
        brief=_brief([thread for thread in lived if thread.looks < LEAST_LOOKS], looks),
    )


def _brief(threads: list[ThreadActivity], looks: int) -> Brief:
    at_gil = sum(thread.waiting_for_gil for thread in threads)
    wanted = at_gil + sum(thread.running for thread in threads)
    return Brief(
        at_once=sum(thread.looks for thread in threads) / looks,
        wanted_cpus=wanted / looks,
        gil_share=at_gil / wanted if wanted else 0.0,
    )


def _computing(threads: list[ThreadActivity]) -> list[ThreadActivity]:
    total = sum(thread.cpu_ticks for thread in threads)
    if not total:
        return []
    # The number of threads that, with equal shares, would be as uneven as these.
    alike = total**2 / sum(thread.cpu_ticks**2 for thread in threads)
    return [thread for thread in threads if thread.cpu_ticks >= _FAIR_SHARE * total / alike]
