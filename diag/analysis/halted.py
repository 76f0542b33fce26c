"""Threads that stayed in one state of the kernel from the first look to the second."""

from diag.analysis.case import Case
from diag.model.ids import ThreadId
from diag.model.process import Process
from diag.model.wait import WaitKind


def stays(case: Case, process: Process, kind: WaitKind) -> bool:
    """Return whether every thread was in a wait of this kind in both looks and did not run.

    A process that is stopped and continued in turn moves its counters.
    """
    threads = [ThreadId(process.pid, thread.tid) for thread in process.threads]
    again = case.second.processes.get(process.pid)
    if again is None or again.id != process.id:
        return False
    return bool(threads) and all(stays_there(case, thread_id, kind) for thread_id in threads)


def stays_there(case: Case, thread_id: ThreadId, kind: WaitKind) -> bool:
    """Return whether a thread was in a wait of this kind in both looks and did not run."""
    before, after = case.tree.threads.get(thread_id), case.second.threads.get(thread_id)
    return (
        before is not None
        and after is not None
        and before.wait.kind is kind
        and after.wait.kind is kind
        and before.start_ticks == after.start_ticks
        and before.voluntary_switches == after.voluntary_switches
        and before.involuntary_switches == after.involuntary_switches
    )


def waiting_for(case: Case, pid: int) -> list[ThreadId]:
    """Return the threads that a process, and nobody else, could wake."""
    return [
        sleeper
        for sleeper, wakers in case.liveness.wakers.items()
        if wakers.itself is None
        and wakers.outside is None
        and wakers.processes | {thread.pid for thread in wakers.threads} == {pid}
        and sleeper.pid != pid
    ]
