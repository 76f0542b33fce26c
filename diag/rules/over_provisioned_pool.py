"""More worker processes that compute than there are CPUs for them."""

from collections.abc import Iterator

from diag.analysis.amounts import plural
from diag.analysis.case import Case
from diag.analysis.roles import role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.rules.base import Rule
from diag.rules.load import Load, has_load, limits_in_words, load_of, throttling_evidence


def _check(case: Case) -> Iterator[Finding]:
    load = load_of(case)
    if load is None or load.nested:
        return
    parents: dict[int, list[int]] = {}
    for demand in load.crowd:
        parent = case.tree.processes[demand.pid].parent_pid
        parents.setdefault(parent, []).append(demand.pid)
    for parent, workers in parents.items():
        if parent in case.tree.processes and len(workers) > load.right:
            yield _finding(case, load, parent, workers)


def _finding(case: Case, load: Load, parent: int, workers: list[int]) -> Finding:
    wanted = sum(load.demands[pid].runnable_cpus for pid in workers)
    used = sum(load.demands[pid].used_cpus for pid in workers)
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN,
        title=f"{len(workers)} workers compute on {load.cpus:.3g} CPUs:"
        f" each task takes about {wanted / load.cpus:.2g} times as long",
        explanation="All of these processes want a CPU all the time, and only some can have one."
        " The work as a whole is not done sooner, but each task takes longer, so that time-outs"
        " pass, and every worker costs its memory.",
        advice=f"Start {plural(load.right, 'worker')}: `--max-workers $(diag cpus)`, or"
        " `diag.effective_cpus()` in Python. os.cpu_count() counts the CPUs of the machine,"
        " not those that a quota or an affinity leaves.",
        primary=case.locate_process(parent),
        related=tuple(case.locate_process(pid) for pid in sorted(workers)),
        evidence=(
            Evidence(
                text=f"{len(workers)} children of {role_of(case.tree, parent)} {parent} wanted"
                f" {wanted:.3g} CPUs at once and used {used:.2g}",
                source=Source.OBSERVED,
            ),
            Evidence(text=f"they can get {limits_in_words(load)}", source=Source.OBSERVED),
            *throttling_evidence(load),
        ),
    )


RULE = Rule(
    id="over-provisioned-pool",
    title="A pool has more workers that compute than CPUs",
    severity=Severity.WARNING,
    summary="More than twice as many processes want CPU time as the limits allow to run.",
    needs="counters taken during the look, and the CPU limits of the target",
    check=_check,
    has_evidence=has_load,
)
