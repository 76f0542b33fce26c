"""A process that was stopped by a signal, or frozen with its control group, and not set going."""

from collections.abc import Iterator

from msgspec.structs import replace

from diag.analysis.case import Case
from diag.analysis.halted import stays, waiting_for
from diag.model.channel import ChannelKind
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.process import Process
from diag.model.wait import WaitKind
from diag.rules.base import Rule


def _check(case: Case) -> Iterator[Finding]:
    for process in case.tree.processes.values():
        if stays(case, process, WaitKind.STOPPED):
            finding = _finding(case, process)
            yield replace(finding, severity=Severity.INFO) if _is_a_job(case, process) else finding
        elif stays(case, process, WaitKind.FROZEN):
            yield _frozen(case, process)


def _is_a_job(case: Case, process: Process) -> bool:
    """Return whether a shell at its prompt has it: who stopped it (Ctrl-Z) can go on with it."""
    parent = case.tree.processes.get(process.parent_pid)
    if parent is None or waiting_for(case, process.pid):
        return False
    if stays(case, parent, WaitKind.STOPPED):
        return _is_a_job(case, parent)
    channels = [case.tree.channels.get(item.channel) for item in parent.threads[0].wait.channels]
    return any(each is not None and each.kind is ChannelKind.TERMINAL for each in channels)


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


def _frozen(case: Case, process: Process) -> Finding:
    waiting = waiting_for(case, process.pid)
    place = case.locate_process(process.pid)
    file = process.frozen_by or "its control group"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN,
        title=f"{place.process_role} {process.pid} is frozen with its control group",
        explanation="The kernel runs no process of a control group that is frozen, as by"
        " `docker pause`, `systemctl freeze` or a checkpoint. Everything that waits for it waits as"
        " long.",
        advice="Thaw it: `docker unpause`, `systemctl thaw`, or write THAWED to freezer.state"
        " (version 1), 0 to cgroup.freeze (version 2), of the group that was frozen.",
        primary=place,
        related=tuple(map(case.locate, waiting)),
        evidence=(
            Evidence(
                text=f"{file} says frozen, and none of its {len(process.threads)} threads ran"
                f" for {case.apart_s:.1f} s",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="stopped-process",
    title="A process is stopped",
    severity=Severity.ERROR,
    summary="A process of the tree is in state T, or frozen with its control group, and stays so.",
    needs="two looks at the state of every thread",
    check=_check,
)
