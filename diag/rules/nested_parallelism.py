"""Worker processes that each start native threads: N times M threads for a few CPUs."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.demand import Demand
from diag.model.finding import Confidence, Evidence, Finding, Location, Severity, Source
from diag.rules.base import Rule, Scope
from diag.rules.load import has_load, limits_in_words, load_of, locate, throttling_evidence


def _check(case: Case) -> Iterator[Finding]:
    load = load_of(case)
    if load is None or not load.nested:
        return
    processes = load.nested
    threads = sum(demand.at_once for demand in processes)
    each = max(1, load.right // len(processes))
    yield Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN,
        title=f"{len(processes)} processes compute in {threads} threads on {load.cpus:.3g} CPUs",
        explanation="Each process of a pool runs several threads that compute with the GIL"
        " released, as numeric libraries do: they start one thread for each CPU of the machine,"
        " in every process. The threads push each other off the CPUs.",
        advice=f"Let {load.right} threads compute in all: for example"
        f" {min(len(processes), load.right)} processes with {each} each. Set OMP_NUM_THREADS,"
        " OPENBLAS_NUM_THREADS or MKL_NUM_THREADS, or use threadpoolctl.threadpool_limits in"
        " the initializer of the pool.",
        primary=_place(case, processes[0]),
        related=tuple(case.locate_process(demand.pid) for demand in processes[1:]),
        evidence=(
            Evidence(
                text="threads that ran or were runnable at once: "
                + ", ".join(f"{demand.at_once} of {demand.pid}" for demand in processes),
                source=Source.OBSERVED,
            ),
            Evidence(text=f"they can get {limits_in_words(load)}", source=Source.OBSERVED),
            *throttling_evidence(load),
        ),
    )


def _place(case: Case, demand: Demand) -> Location:
    """Return where the first thread computes; its process if all live for a moment only."""
    if demand.running:
        return locate(case, demand.running[0])
    return case.locate_process(demand.pid)


RULE = Rule(
    id="nested-parallelism",
    title="Processes that each compute in several threads",
    severity=Severity.WARNING,
    summary="Several processes have several native threads each that want CPU time, in all more"
    " than twice as many as the limits allow to run.",
    needs="counters taken during the look, and the CPU limits of the target",
    check=_check,
    has_evidence=has_load,
    scope=Scope.TREE,
)
