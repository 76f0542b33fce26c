"""A process that a debugger or tracer holds."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.halted import stays, waiting_for
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.process import Process
from diag.model.wait import WaitKind
from diag.rules.base import Rule


def _check(case: Case) -> Iterator[Finding]:
    for process in case.tree.processes.values():
        if stays(case, process, WaitKind.TRACED):
            yield _finding(case, process)


def _finding(case: Case, process: Process) -> Finding:
    place = case.locate_process(process.pid)
    waiting = waiting_for(case, process.pid)
    tracer = f"process {process.traced_by}" if process.traced_by else "a tracer"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN,
        title=f"{place.process_role} {process.pid} is held by {tracer}, which traces it",
        explanation="A process that is traced (ptrace: gdb, a debugger, strace, py-spy without"
        " --nonblocking) stands still at a breakpoint or a system call until its tracer lets it go"
        " on. Everything that waits for it waits as long.",
        advice=f"Continue it or detach in the debugger; if {tracer} itself is stuck, ending it lets"
        " the traced process go on.",
        primary=place,
        related=tuple(map(case.locate, waiting)),
        evidence=(
            Evidence(
                text=f"all {len(process.threads)} threads are in state t, and stayed there"
                f" for {case.apart_s:.1f} s; TracerPid is {process.traced_by or 'not readable'}",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="traced-process",
    title="A tracer holds a process",
    severity=Severity.WARNING,
    summary="A process of the tree is stopped by its tracer and stays so.",
    needs="two looks at the state of every thread",
    check=_check,
)
