"""The second look: did a thread run between two snapshots?

The reads of one sweep are not simultaneous. But a thread that was blocked in
the first sweep and has not moved until the second was blocked at every moment
between them, so all such threads were blocked together.
"""

from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.thread import Thread


def unmoved(before: Thread, after: Thread) -> bool:
    """Return whether the thread did not run between the two reads.

    Every return from a blocked system call goes through the scheduler, so it
    shows in the context-switch counters (`/proc/PID/task/TID/status`, proc(5)).
    Counters that could not be read prove nothing.
    """
    if before.voluntary_switches is None or before.involuntary_switches is None:
        return False
    return (
        before.start_ticks == after.start_ticks
        and before.state == after.state
        and before.voluntary_switches == after.voluntary_switches
        and before.involuntary_switches == after.involuntary_switches
        and before.syscall == after.syscall
    )


def confirmed(first: Tree, second: Tree) -> frozenset[ThreadId]:
    """Return the threads of `first` that had not moved by `second`."""
    return frozenset(
        thread_id
        for thread_id, thread in first.threads.items()
        if _same_process(first, second, thread_id.pid)
        and thread_id in second.threads
        and unmoved(thread, second.threads[thread_id])
    )


def _same_process(first: Tree, second: Tree, pid: int) -> bool:
    before, after = first.processes.get(pid), second.processes.get(pid)
    return before is not None and after is not None and before.id == after.id
