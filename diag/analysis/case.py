"""Everything that rules judge from, derived once from two looks at a tree."""

from collections.abc import Iterable

import msgspec

from diag.analysis.awaiting import follower, unresolved
from diag.analysis.causes import Cause, find_causes
from diag.analysis.event_loops import TaskId, tasks_of
from diag.analysis.frames import user_frame, user_frame_of
from diag.analysis.liveness import Liveness, judge
from diag.analysis.roles import role_of, thread_name
from diag.analysis.starvation import with_starving
from diag.analysis.tree import Tree
from diag.model.aio import AioTask
from diag.model.finding import Location
from diag.model.host import Host
from diag.model.ids import ThreadId
from diag.model.sample import Activity, Sample
from diag.model.snapshot import Snapshot


class Case:
    """The evidence of one look: a tree, its confirmation, and what follows from them.

    Attributes:
        tree: the first look, with stacks and locks.
        second: the later look that confirms it.
        liveness: who can never run again.
        causes: why.
        host: the machine.
        samples: counters over time, empty if none were taken.
        activities: what threads were doing over many quick looks.
        apart_s: seconds between the two looks.

    """

    def __init__(
        self,
        first: Snapshot,
        second: Snapshot,
        host: Host,
        *,
        samples: tuple[Sample, ...] = (),
        activities: tuple[Activity, ...] = (),
    ) -> None:
        self.tree = Tree(with_starving(first, second, activities))
        self.second = Tree(second)
        judged = judge(self.tree, self.second)
        self.causes: tuple[Cause, ...] = find_causes(self.tree, judged)
        self.liveness: Liveness = msgspec.structs.replace(judged, likely=_stuck(self.causes))
        self.host = host
        self.samples = samples
        self.activities = activities
        self.apart_s = second.started_s - first.ended_s

    def locate(self, thread_id: ThreadId) -> Location:
        """Return who the thread is and where its own code stands."""
        thread = self.tree.threads[thread_id]
        task = self.telling_task(thread_id)
        frame = user_frame_of(task.frames) if task is not None else user_frame(thread.stack)
        return Location(
            pid=thread_id.pid,
            tid=thread_id.tid,
            process_role=role_of(self.tree, thread_id.pid),
            thread=thread_name(self.tree, thread_id),
            function=frame.function if frame else None,
            file=frame.file if frame else None,
            line=frame.line if frame else None,
        )

    def telling_task(self, thread_id: ThreadId) -> AioTask | None:
        """Return the task for which an idle event loop can do nothing, None if it is not idle."""
        found = unresolved(self.tree, thread_id)
        task_id = found.tasks[0] if found is not None else follower(self.tree, thread_id)
        return self.task(task_id) if task_id is not None else None

    def task(self, task_id: TaskId) -> AioTask:
        """Return a task of asyncio."""
        return tasks_of(self.tree, task_id.thread)[task_id]

    def locate_process(self, pid: int) -> Location:
        """Return a whole process as a place."""
        main = ThreadId(pid, pid)
        if main in self.tree.threads:
            return self.locate(main)
        return Location(pid=pid, process_role=role_of(self.tree, pid))

    def name(self, thread_id: ThreadId) -> str:
        """Return a thread in words: `thread "chatter" of parent 2402`, `worker 2404`."""
        role = role_of(self.tree, thread_id.pid)
        process = f"{role} {thread_id.pid}"
        alone = len(self.tree.threads_of[thread_id.pid]) == 1
        if alone:
            return process
        if thread_id.tid == thread_id.pid:
            return f"main thread of {process}"
        return f'thread "{thread_name(self.tree, thread_id)}" of {process}'

    def names(self, thread_ids: Iterable[ThreadId]) -> str:
        """Return threads in words, parted by commas."""
        return ", ".join(map(self.name, thread_ids))


def _stuck(causes: tuple[Cause, ...]) -> frozenset[ThreadId]:
    """Return the threads that some cause keeps from running: the others may be idle."""
    return frozenset(t for cause in causes for t in (*cause.threads, *cause.victims))
