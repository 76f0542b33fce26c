"""Who of the processes of pytest hangs, and why. Pure: from looks and boards to an answer."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from diag.model.finding import Confidence, Finding, Severity
from diag.model.ids import ProcessId
from diag.model.process import Process
from diag.model.recording import Recording
from diag.model.report import Report
from diag.model.snapshot import Snapshot
from diag.model.thread import Thread
from diag.policy.judgement import headline_of
from diag.pytest_monitor.board import RUNS_CODE, UNATTENDED, State

Boards = Mapping[int, State]
"""What each process of pytest did at the first of two looks, by pid."""


def without_own_parts(recording: Recording, boards: Boards) -> Recording:
    """Leave out of the looks what cannot help a test that hangs, though it looks as if it could.

    Handlers of signals that are not the test's, in pytest and in what has inherited them
    by fork; and, while a worker of pytest-xdist runs a test, the thread by which execnet
    receives what to do next: it runs no code of a test. Nor is a main thread parked that
    runs a test, unless the test has children, which may send a signal.
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
    parents = {process.parent_pid for process in snapshot.processes}
    processes = []
    for process in snapshot.processes:
        caught = process.signals_caught
        if caught is not None:
            caught &= ~harmless.get(process.pid, 0)
        threads = tuple(thread for thread in process.threads if thread.tid not in receivers)
        state = boards.get(process.pid)
        unattended = state is not None and state.phase in UNATTENDED and process.pid not in parents
        processes.append(
            replace(process, signals_caught=caught, threads=threads, unattended=unattended)
        )
    return replace(snapshot, processes=tuple(processes))


def _harmless(snapshot: Snapshot, boards: Boards) -> dict[int, int]:
    """Return the masks of such signals, by pid: those of pytest, and what inherited them."""
    found: dict[int, int] = {}
    for process in snapshot.processes:  # parents come before their children
        if process.pid in boards:
            found[process.pid] = boards[process.pid].harmless & (process.signals_caught or 0)
        elif process.forked_without_exec and process.parent_pid in found:
            found[process.pid] = found[process.parent_pid]
    return found


def hung(report: Report, boards: Boards) -> dict[int, tuple[Finding, ...]]:
    """Return the processes of pytest whose main thread can never go on, with the proofs.

    One that waits for another of them is left out.
    """
    found = {}
    for pid in boards:
        proofs = tuple(
            finding
            for finding in report.findings
            if finding.severity is Severity.ERROR
            and finding.confidence is Confidence.PROVEN
            and any(place.tid == pid for place in (finding.primary, *finding.related))
        )
        if proofs:
            found[pid] = proofs
    parents = {view.process.pid: view.process.parent_pid for view in report.processes}
    waiting = {above for pid in found for above in _above(pid, parents)}
    return {pid: proofs for pid, proofs in found.items() if pid not in waiting}


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


def stuck_beneath(report: Report, pid: int, boards: Boards) -> tuple[ProcessId, ...]:
    """Return the processes that one of pytest has started and that can never go on."""
    live = {view.process.pid: view.live for view in report.processes}
    return tuple(
        process.id
        for process in beneath(report, pid, boards)
        if live[process.pid] and not any(value is not False for value in live[process.pid].values())
    )
