"""Memory so short that pages are read back from storage again and again."""

from collections.abc import Iterator

from diag.analysis.amounts import mebibytes
from diag.analysis.case import Case
from diag.analysis.rates import difference, pairs, span_s
from diag.analysis.roles import role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.rules.base import Rule

_LEAST_PER_S = 100.0


def _check(case: Case) -> Iterator[Finding]:
    seconds = span_s(case.samples)
    refaults = _refaults(case)
    if refaults is None or seconds <= 0 or refaults < _LEAST_PER_S * seconds:
        return
    for before, after in pairs(case.samples):
        faults = difference(before.major_faults, after.major_faults) or 0.0
        if faults >= _LEAST_PER_S * seconds and after.pid in case.tree.processes:
            yield _finding(case, after.pid, faults / seconds, refaults / seconds)


def _refaults(case: Case) -> float | None:
    first, last = case.samples[0].group, case.samples[-1].group
    return difference(first.refaults, last.refaults) if first and last else None


def _finding(case: Case, pid: int, faults_per_s: float, refaults_per_s: float) -> Finding:
    group = case.samples[-1].group
    limit = group.memory_limit_bytes if group else None
    room = f"the {mebibytes(limit)} of its control group" if limit else "the machine's memory"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN,
        title=f"{role_of(case.tree, pid)} {pid} thrashes: it waits for {faults_per_s:.0f} pages"
        " a second that were in memory shortly before",
        explanation=f"What it works with does not fit into {room}. The kernel drops pages, or"
        " swaps them out, that are needed again at once, and every such access waits for the"
        " disk: the program is slow, not hung.",
        advice="Give it more memory, or let it work on less at once: smaller chunks, fewer"
        " workers, no second copy of the data.",
        primary=case.locate_process(pid),
        evidence=(
            Evidence(
                text=f"{faults_per_s:.0f} major page faults a second; {refaults_per_s:.0f} pages"
                " a second of its group came back that had been dropped not long before",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="thrashing",
    title="Pages are dropped from memory and read back again and again",
    severity=Severity.WARNING,
    summary="A process has a hundred major page faults a second or more, for pages that its group"
    " had in memory not long before.",
    needs="counters taken during the look, and refault counters of the kernel",
    check=_check,
    has_evidence=lambda case: len(case.samples) >= 2 and _refaults(case) is not None,
)
