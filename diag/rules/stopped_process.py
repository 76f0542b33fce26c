"""A process that was stopped by a signal and not continued."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.halted import stays, waiting_for
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.process import Process
from diag.model.wait import WaitKind
from diag.rules.base import Rule


def _check(case: Case) -> Iterator[Finding]:
    for process in case.tree.processes.values():
        if stays(case, process, WaitKind.STOPPED):
            yield _finding(case, process)


def _finding(case: Case, process: Process) -> Finding:
    waiting = waiting_for(case, process.pid)
    place = case.locate_process(process.pid)
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN,
        title=f"{place.process_role} {process.pid} is stopped (SIGSTOP or SIGTSTP)",
        explanation="The kernel does not run a stopped process until it gets SIGCONT."
        " Everything that waits for it waits as long.",
        advice=f"Continue it with `kill -CONT {process.pid}` and find out who stopped it: a shell's"
        " job control, a terminal read from the background, a debugger, a supervisor.",
        primary=place,
        related=tuple(map(case.locate, waiting)),
        evidence=(
            Evidence(
                text=f"all {len(process.threads)} threads are in state T, and stayed there"
                f" for {case.apart_s:.1f} s",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="stopped-process",
    title="A process is stopped",
    severity=Severity.ERROR,
    summary="A process of the tree is in state T and stays there.",
    needs="two looks at the state of every thread",
    check=_check,
)
