"""What rules about CPU time share: the demand of a tree against the CPUs that it can get."""

from typing import NamedTuple

from diag.analysis.case import Case
from diag.analysis.demand import Demand, demands
from diag.analysis.rates import Throttling, cpu_cores, throttling
from diag.model.finding import Evidence, Location, Source
from diag.model.ids import ThreadId
from diag.model.limits import Limits
from diag.model.sample import Sample, ThreadActivity

_WANTS = 0.6  # of a CPU, over all looks
_RECENT_S = 60.0  # of a long watch: what is said is said of now
_IDLE_CPUS = 0.05
_OVER = 2  # times the right number of workers: fewer is a matter of taste


class Load(NamedTuple):
    """The demand of a tree and what it is offered.

    Attributes:
        cpus: CPUs' worth of time that the root can get.
        right: the number of workers that a CPU-bound pool should have.
        limits: where the two come from.
        demands: of each process that used CPU time, by pid.
        throttling: what the quota withheld from the whole control group, None without one.
        used_cpus: CPU time that the tree used per second.

    """

    cpus: float
    right: int
    limits: Limits
    demands: dict[int, Demand]
    throttling: Throttling | None
    used_cpus: float

    @property
    def wants_cpu(self) -> bool:
        """Whether the tree itself wants CPU time worth speaking of, got or not."""
        runnable = sum(demand.runnable_cpus for demand in self.demands.values())
        return max(self.used_cpus, runnable) >= _IDLE_CPUS

    @property
    def wanting(self) -> list[Demand]:
        """The processes that want a CPU in most looks, the most eager first."""
        eager = [demand for demand in self.demands.values() if demand.runnable_cpus >= _WANTS]
        return sorted(eager, key=lambda demand: -demand.runnable_cpus)

    @property
    def nested(self) -> list[Demand]:
        """Processes with several native threads, if there are far too many in all, else []."""
        several = [demand for demand in self.wanting if demand.at_once >= 2]
        threads = sum(demand.at_once for demand in several)
        return several if len(several) >= 2 and threads > _OVER * self.right else []

    @property
    def crowd(self) -> list[Demand]:
        """Processes that want CPU time, if there are far too many of them, else []."""
        return self.wanting if len(self.wanting) > _OVER * self.right else []


def load_of(case: Case) -> Load | None:
    """Return the load of a tree, None if it was not counted or its limits are not known."""
    limits = case.tree.snapshot.processes[0].limits
    if limits is None or not case.samples or limits.effective_cpus is None:
        return None
    ticks_per_s = case.host.clock_ticks_per_s
    found: dict[int, Demand] = {}
    if case.activities:
        found = demands(case.activities[-1], ticks_per_s=ticks_per_s)
    return Load(
        cpus=limits.effective_cpus,
        right=limits.worker_count or 1,
        limits=limits,
        demands={pid: demand for pid, demand in found.items() if pid in case.tree.processes},
        throttling=throttling(_recent(case.samples), ticks_per_s),
        used_cpus=_used_cpus(case),
    )


def has_load(case: Case) -> bool:
    """Whether a case was counted, its limits are known, and whoever is busy was looked at."""
    return load_of(case) is not None and (bool(case.activities) or _used_cpus(case) < _IDLE_CPUS)


def _used_cpus(case: Case) -> float:
    return sum(cpu_cores(_recent(case.samples), case.host.clock_ticks_per_s).values())


def _recent(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    return tuple(each for each in samples if each.at_s >= samples[-1].at_s - _RECENT_S)


def locate(case: Case, thread: ThreadActivity) -> Location:
    """Return a thread as a place; its process if the thread is newer than the first look."""
    thread_id = ThreadId(thread.pid, thread.tid)
    if thread_id in case.tree.threads:
        return case.locate(thread_id)
    return case.locate_process(thread.pid)


def limits_in_words(load: Load) -> str:
    """Return what sets the number of CPUs, one line."""
    limits = load.limits
    if limits.cpu_quota_cpus is not None and limits.cpu_quota_cpus == load.cpus:
        return f"a quota of {load.cpus:.3g} CPUs ({limits.cpu_quota_source})"
    return f"{limits.affinity_cpus} CPUs that it may run on, and no tighter quota"


def throttling_evidence(load: Load) -> tuple[Evidence, ...]:
    """Return what the quota withheld as evidence, () if it never stopped the group."""
    seen = load.throttling
    if seen is None or not seen.throttled:
        return ()
    text = (
        f"throttled in {seen.throttled} of {seen.periods} periods:"
        f" {seen.withheld_cpus:.2g} s of CPU time withheld each second"
    )
    return (Evidence(text=text, source=Source.OBSERVED),)
