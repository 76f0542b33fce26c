"""Who of the processes of pytest hangs, and why. Pure: from looks and boards to an answer."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from diag.analysis.case import Case
from diag.model.finding import Confidence, Finding, Severity
from diag.model.ids import ThreadId
from diag.model.process import Process
from diag.model.recording import Recording
from diag.model.report import Report
from diag.model.snapshot import Snapshot
from diag.model.thread import Thread
from diag.pipeline import last_pair
from diag.policy.judgement import headline_of
from diag.pytest_monitor.board import ENDS_FIXTURES, EXIT, RUNS_CODE, UNATTENDED, State

# Of multiprocessing, started once; they end by themselves.
_HELPERS = frozenset({"resource tracker", "fork server"})

# The outermost functions of a main thread that runs a program, by its path or by -m.
_PROGRAMS = frozenset({"<module>", "_run_module_as_main"})

Boards = Mapping[int, State]
"""What each process of pytest did at the first of two looks, by pid."""


def without_own_parts(recording: Recording, boards: Boards) -> Recording:
    """Leave out of the looks what cannot help a test that hangs, though it looks as if it could.

    Handlers of signals that are not the test's, in pytest and in what has inherited them
    by fork; and, while a worker of pytest-xdist runs a test, the thread by which execnet
    receives what to do next: it runs no code of a test. Nor is a main thread that runs a
    test, or one beneath it, parked until a signal from outside: only the test's own
    processes may send one.
    """
    receivers = {
        thread.tid
        for snapshot in recording.snapshots
        for process in snapshot.processes
        if (state := boards.get(process.pid)) is not None
        and state.is_worker
        and state.phase in RUNS_CODE
        for thread in process.threads
        if _receives(thread)
    }
    return replace(
        recording,
        snapshots=tuple(_without(snapshot, boards, receivers) for snapshot in recording.snapshots),
    )


def _receives(thread: Thread) -> bool:
    if thread.stack is None:
        return False
    return any(
        frame.bare_name == "_thread_receiver" and frame.file.endswith("execnet/gateway_base.py")
        for frame in thread.stack.frames
    )


def _without(snapshot: Snapshot, boards: Boards, receivers: set[int]) -> Snapshot:
    harmless = _harmless(snapshot, boards)
    families = _families(snapshot, boards)
    processes = []
    for process in snapshot.processes:
        caught = process.signals_caught
        if caught is not None:
            caught &= ~harmless.get(process.pid, 0)
        threads = tuple(thread for thread in process.threads if thread.tid not in receivers)
        family = families.get(process.pid)
        signallers = None if family is None else tuple(sorted(family - {process.pid}))
        processes.append(
            replace(process, signals_caught=caught, threads=threads, signallers=signallers)
        )
    return replace(snapshot, processes=tuple(processes))


def _families(snapshot: Snapshot, boards: Boards) -> dict[int, set[int]]:
    """Return the processes that a test has, with that of pytest, by the pid of each of them.

    The controller of pytest-xdist runs none while its workers do.
    """
    found: dict[int, set[int]] = {}
    for process in snapshot.processes:  # parents come before their children
        if process.pid in boards:
            phase = boards[process.pid].phase
            unattended = phase in UNATTENDED or (phase == EXIT and _is_at_exit(process))
            family = {process.pid} if unattended else None
        else:
            family = found.get(process.parent_pid)
        if family is not None:
            family.add(process.pid)
            found[process.pid] = family
    return found


def _is_at_exit(process: Process) -> bool:
    """Whether the interpreter ends: a program may run pytest and go on."""
    stack = process.threads[0].stack if process.threads else None
    if stack is None:
        return False
    return not stack.frames or stack.frames[-1].function not in _PROGRAMS


def _harmless(snapshot: Snapshot, boards: Boards) -> dict[int, int]:
    """Return the masks of such signals, by pid: those of pytest, and what inherited them."""
    found: dict[int, int] = {}
    for process in snapshot.processes:  # parents come before their children
        if process.pid in boards:
            found[process.pid] = boards[process.pid].harmless & (process.signals_caught or 0)
        elif process.forked_without_exec and process.parent_pid in found:
            found[process.pid] = found[process.parent_pid]
    return found


class Judged(NamedTuple):
    """What came of two looks.

    Attributes:
        report: for people.
        never: the threads that can never run again, whatever could not be read. The cause
            of it may be less certain.

    """

    report: Report
    never: frozenset[ThreadId]


def judged(report: Report, recording: Recording) -> Judged:
    """Add who is proven to be stuck, if the report says that anything is wrong."""
    pair = last_pair(recording.snapshots)
    if pair is None or not any(each.severity is Severity.ERROR for each in report.findings):
        return Judged(report, frozenset())
    case = Case(*pair, recording.header.host, activities=recording.activities)
    return Judged(report, case.liveness.proven)


def hung(found: Judged, boards: Boards) -> dict[int, tuple[Finding, ...]]:
    """Return the processes of pytest whose main thread can never go on, with the causes.

    One that waits for another of them is left out.
    """
    causes = {pid: _causes(found, pid) for pid in boards}
    hangs = {pid: findings for pid, findings in causes.items() if findings}
    parents = {view.process.pid: view.process.parent_pid for view in found.report.processes}
    waiting = {above for pid in hangs for above in _above(pid, parents)}
    return {pid: findings for pid, findings in hangs.items() if pid not in waiting}


def _causes(found: Judged, pid: int) -> tuple[Finding, ...]:
    is_stuck = ThreadId(pid, pid) in found.never
    return tuple(
        finding
        for finding in found.report.findings
        if finding.severity is Severity.ERROR
        and (is_stuck or finding.confidence is Confidence.PROVEN)
        and any(place.tid == pid for place in (finding.primary, *finding.related))
    )


def _above(pid: int, parents: Mapping[int, int]) -> Iterable[int]:
    while (pid := parents.get(pid, 0)) in parents:
        yield pid


def about(report: Report, findings: tuple[Finding, ...]) -> Report:
    """Return the report with these findings only, and without rules that were not run."""
    return replace(report, findings=findings, headline=headline_of(findings), skipped=())


def beneath(report: Report, pid: int, boards: Boards) -> tuple[Process, ...]:
    """Return what a process of pytest has started, without other processes of pytest."""
    tree = {pid}
    found = []
    for view in report.processes:
        process = view.process
        if process.parent_pid in tree and process.pid not in boards:
            tree.add(process.pid)
            found.append(process)
    return tuple(found)


def stuck_beneath(found: Judged, pid: int, boards: Boards) -> tuple[Process, ...]:
    """Return what the test of a process of pytest has started and what can never go on.

    Idle workers of pools are spared, which would take the lock of their queue with them, and
    until fixtures end what they or earlier tests have started.
    """
    state = boards[pid]
    spared = {pid for pool in found.report.pools if not pool.of_threads for pid in pool.idle}
    spared |= {view.process.pid for view in found.report.processes if view.role in _HELPERS}
    since_ticks = 0 if state.phase in ENDS_FIXTURES else state.since_ticks
    return tuple(
        process
        for process in beneath(found.report, pid, boards)
        if process.state != "Z"
        and process.id.start_ticks >= since_ticks
        and (state.phase == EXIT or process.pid not in spared)
        and all(ThreadId(process.pid, thread.tid) in found.never for thread in process.threads)
    )


def is_alone(found: Judged, pid: int) -> bool:
    """Whether all that a process of pytest has started can never go on: none will send a signal."""
    return all(
        ThreadId(process.pid, thread.tid) in found.never
        for process in beneath(found.report, pid, {})
        for thread in process.threads
        if thread.state not in "ZX"
    )
