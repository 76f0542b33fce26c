"""Circles of tasks that await each other, in event loops that go on with other tasks.

What an idle loop's tasks wait for is in awaiting.py. Here the loop lives, so anybody may
still cancel a task, or a time-out do so: a circle is likely to last, and no proof.
"""

from collections.abc import Iterator

from diag.analysis.awaiting import Node, Unresolved, await_graph, only_tasks, tasks_by_id
from diag.analysis.confirm import unmoved
from diag.analysis.event_loops import TaskId, tasks_of
from diag.analysis.graph import sinks, waiters_of, waiting_for
from diag.analysis.tree import Tree
from diag.model.aio import AioTask, AwaitKind
from diag.model.ids import ThreadId

# Whoever awaits one of these awaits just those that the graph shows, as far as it does.
_NARROW = frozenset({AwaitKind.TASKS, AwaitKind.LOCK, AwaitKind.EXECUTOR})
_WITH_TIMEOUT = ("wait_for", "timeout")  # coroutines of asyncio that give up some day


def has_circles(tree: Tree) -> bool:
    """Return whether tasks of the tree seem to await each other in a circle."""
    return any(True for pid in tree.processes for _ in _circles(tree, pid))


def circles(first: Tree, second: Tree) -> tuple[Unresolved, ...]:
    """Return the circles of tasks that were there in both looks.

    The tasks of a loop that goes on are not read at one moment: who finished between two
    reads would seem to be in a circle, but not again in the same wait.
    """
    return tuple(
        circle
        for pid in first.processes
        for circle in _circles(first, pid)
        if _lasts(first, second, circle)
    )


def may_give_up(tree: Tree, circle: Unresolved) -> bool:
    """Return whether a task of the same loops may wait for one of a circle with a time-out.

    Up to Python 3.11 `asyncio.wait_for` makes another task of what it waits for, and nothing
    leads from that task back to the one that gives up.
    """
    return any(
        frame.bare_name == "wait_for"
        for thread_id in {task.thread for task in circle.tasks}
        for task in tasks_of(tree, thread_id).values()
        for frame in task.frames
    )


def _circles(tree: Tree, pid: int) -> Iterator[Unresolved]:
    if len(tree.processes[pid].tasks) == 0:
        return
    tasks = tasks_by_id(tree, pid)
    graph = await_graph(tree, pid)
    waiters = waiters_of(graph)
    for sink in sinks(graph):
        members = only_tasks(sink)
        turns = all(graph[node] for node in sink)  # a single one without awaits itself by none
        if members and turns and all(_is_narrow(tree, tasks, graph, node) for node in sink):
            yield Unresolved(
                tasks=tuple(sorted(members)),
                threads=tuple(sorted(node for node in sink if isinstance(node, ThreadId))),
                waiting=only_tasks(waiting_for(waiters, sink)),
            )


def _is_narrow(
    tree: Tree,
    tasks: dict[TaskId, AioTask],
    graph: dict[Node, frozenset[Node]],
    node: Node,
) -> bool:
    """Whether a node waits for those that the graph shows, and for nobody else."""
    if isinstance(node, TaskId):
        task = tasks[node]
        known = {other.address for other in tasks}
        timed = any(frame.bare_name in _WITH_TIMEOUT for frame in task.frames)
        return task.kind in _NARROW and not timed and known.issuperset(task.tasks)
    thread = tree.threads[node]
    subject = thread.subject
    if thread.wait.timed or subject is None or subject.unread is not None:
        return False
    return len({task.future for task in subject.tasks}) == len(graph[node])


def _lasts(first: Tree, second: Tree, circle: Unresolved) -> bool:
    """Whether all members were in the same wait in both looks."""
    for node in circle.tasks:
        if node.pid not in second.processes:
            return False
        before, after = (tasks_by_id(tree, node.pid).get(node) for tree in (first, second))
        if before is None or after is None or _wait(before) != _wait(after):
            return False
    return all(
        thread in second.threads and unmoved(first.threads[thread], second.threads[thread])
        for thread in circle.threads
    )


def _wait(task: AioTask) -> tuple[object, ...]:
    places = tuple((frame.function, frame.line) for frame in task.frames)
    return task.name, task.kind, task.object, task.tasks, task.future, task.holds, places
