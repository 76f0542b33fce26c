"""Event loops of asyncio: which are idle, and which tasks are theirs."""

from typing import NamedTuple

from diag.analysis.tree import Tree
from diag.model.aio import AioTask, Loop
from diag.model.ids import ThreadId
from diag.model.wait import WaitKind


class TaskId(NamedTuple):
    """A task within one snapshot.

    Attributes:
        pid: its process.
        tid: the thread that runs its event loop.
        address: of the task.

    """

    pid: int
    tid: int
    address: int

    @property
    def thread(self) -> ThreadId:
        """The thread that runs its event loop."""
        return ThreadId(self.pid, self.tid)


def idle_loop(tree: Tree, thread_id: ThreadId) -> Loop | None:
    """Return the loop of a thread that polls while nothing is ready and no timer is set."""
    thread = tree.threads[thread_id]
    loop = thread.loop
    if loop is None or thread.wait.kind is not WaitKind.POLL or loop.callback is not None:
        return None
    return loop if loop.ready == 0 and loop.timers == 0 else None


def tasks_of(tree: Tree, thread_id: ThreadId) -> dict[TaskId, AioTask]:
    """Return the unfinished tasks of the loop that a thread runs."""
    loop = tree.threads[thread_id].loop
    if loop is None:
        return {}
    return {
        TaskId(*thread_id, task.address): task
        for task in tree.processes[thread_id.pid].tasks
        if task.loop == loop.address
    }


def is_parked(tree: Tree, thread_id: ThreadId) -> bool:
    """Return whether a thread runs an idle loop that has no task to wait for."""
    return idle_loop(tree, thread_id) is not None and not tasks_of(tree, thread_id)
