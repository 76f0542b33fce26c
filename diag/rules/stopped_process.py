"""A process that was stopped by a signal and not continued."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.process import Process
from diag.model.wait import WaitKind
from diag.rules.base import Rule


def _check(case: Case) -> Iterator[Finding]:
    for process in case.tree.processes.values():
        if _stays_stopped(case, process):
            yield _finding(case, process)


def _stays_stopped(case: Case, process: Process) -> bool:
    """Whether every thread was stopped in both looks and did not run in between.

    A process that is stopped and continued in turn moves its counters.
    """
    again = case.second.processes.get(process.pid)
    if again is None or again.id != process.id:
        return False
    after = {thread.tid: thread for thread in again.threads}
    return bool(process.threads) and all(
        thread.wait.kind is WaitKind.STOPPED
        and thread.tid in after
        and after[thread.tid].wait.kind is WaitKind.STOPPED
        and thread.voluntary_switches == after[thread.tid].voluntary_switches
        and thread.involuntary_switches == after[thread.tid].involuntary_switches
        for thread in process.threads
    )


def _finding(case: Case, process: Process) -> Finding:
    waiting = _waiting_for(case, process.pid)
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


def _waiting_for(case: Case, pid: int) -> list[ThreadId]:
    """Return the threads that the stopped process, and nobody else, could wake."""
    return [
        sleeper
        for sleeper, wakers in case.liveness.wakers.items()
        if wakers.itself is None
        and wakers.outside is None
        and wakers.processes | {thread.pid for thread in wakers.threads} == {pid}
        and sleeper.pid != pid
    ]


RULE = Rule(
    id="stopped-process",
    title="A process is stopped",
    severity=Severity.ERROR,
    summary="A process of the tree is in state T and stays there.",
    needs="two looks at the state of every thread",
    check=_check,
)
