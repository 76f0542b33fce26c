"""Why the tasks of an idle event loop do not go on: which task waits for which, and for whom.

Only for loops that can do nothing by themselves: no callback is ready, no timer
is set. A task then goes on only if another task, or a thread, makes it.
"""

from collections import defaultdict
from collections.abc import Iterable

from diag.analysis.completions import completers_of
from diag.analysis.event_loops import TaskId, idle_loop, tasks_of
from diag.analysis.graph import sinks, waiters_of, waiting_for
from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.roles import is_idle_worker
from diag.analysis.tree import Tree
from diag.model.aio import AioTask, AwaitKind
from diag.model.base import Record
from diag.model.ids import ThreadId

Node = ThreadId | TaskId


class Unresolved(Record, frozen=True):
    """Why an idle loop has unfinished tasks.

    Attributes:
        tasks: the tasks that wait for nothing but themselves or each other, the
            most telling first; a single one, or a cycle.
        threads: threads that belong to the cycle.
        waiting: tasks that wait for these, directly or not, nearest first.

    """

    tasks: tuple[TaskId, ...]
    threads: tuple[ThreadId, ...] = ()
    waiting: tuple[TaskId, ...] = ()


def unresolved(tree: Tree, thread_id: ThreadId) -> Unresolved | None:
    """Return why the tasks of an idle loop are unfinished.

    None if the loop is not idle, has no tasks, or a thread is to blame: then it
    is a wait of that thread that has to be explained.
    """
    if idle_loop(tree, thread_id) is None:
        return None
    graph = await_graph(tree, thread_id.pid)
    own = tasks_of(tree, thread_id)
    waiters = waiters_of(graph)
    found = [s for s in sinks(graph) if own.keys() & (s | set(waiting_for(waiters, s)))]
    told = [sink for sink in found if any(isinstance(node, TaskId) for node in sink)]
    if not told:
        return None
    everyone = tasks_by_id(tree, thread_id.pid)
    sink = min(told, key=lambda each: _rank(everyone, each, len(waiting_for(waiters, each))))
    return Unresolved(
        tasks=tuple(sorted(only_tasks(sink), key=lambda task: _kind_rank(everyone[task]))),
        threads=tuple(sorted(node for node in sink if isinstance(node, ThreadId))),
        waiting=only_tasks(waiting_for(waiters, sink)),
    )


def follower(tree: Tree, thread_id: ThreadId) -> TaskId | None:
    """Return a task of an idle loop that waits for a thread, None if a task is to blame."""
    if idle_loop(tree, thread_id) is None or unresolved(tree, thread_id) is not None:
        return None
    graph = await_graph(tree, thread_id.pid)
    waiters = waiters_of(graph)
    tasks = only_tasks(node for sink in sinks(graph) for node in waiting_for(waiters, sink))
    return next((task for task in tasks if task.thread == thread_id), None)


def blames_tasks(tree: Tree, sink: frozenset[ThreadId]) -> bool:
    """Return whether threads that can never run again are so because of their tasks alone.

    Threads beside the loops may be idle workers, may wait for the end of others, or
    for the result of a task; any other wait is told for what it is.
    """
    found = {thread_id: unresolved(tree, thread_id) for thread_id in sink}
    told = [each for each in found.values() if each is not None]
    if not told or all(tasks_by_id(tree, each.tasks[0].pid)[each.tasks[0]].kind is AwaitKind.IO
                       for each in told):  # fmt: skip
        return False
    results = {
        future
        for pid in {thread_id.pid for thread_id in sink}
        for task in tree.processes[pid].tasks
        for future in task.resolves
    }
    return all(
        found[thread_id] is not None or _follows(tree, thread_id, results) for thread_id in sink
    )


def _follows(tree: Tree, thread_id: ThreadId, results: set[int]) -> bool:
    thread = tree.threads[thread_id]
    if is_idle_worker(tree, thread_id) or idiom_of(thread.stack) in (Idiom.JOIN, Idiom.CHILD):
        return True
    if thread.loop is not None and thread.loop.callback is None:
        return True  # a loop without tasks
    awaited = thread.subject.tasks if thread.subject is not None else ()
    return any(task.future in results for task in awaited)


def only_tasks(nodes: Iterable[Node]) -> tuple[TaskId, ...]:
    """Return those of some nodes that are tasks."""
    return tuple(node for node in nodes if isinstance(node, TaskId))


def tasks_by_id(tree: Tree, pid: int) -> dict[TaskId, AioTask]:
    """Return the unfinished tasks of all loops that threads of a process run."""
    return {
        task_id: task
        for thread_id in tree.threads_of[pid]
        for task_id, task in tasks_of(tree, thread_id).items()
    }


def await_graph(tree: Tree, pid: int) -> dict[Node, frozenset[Node]]:
    """Return for each task of a process, and each thread that runs one's work, who it waits for."""
    tasks = tasks_by_id(tree, pid)
    by_address = {task_id.address: task_id for task_id in tasks}
    holders: dict[int, set[TaskId]] = defaultdict(set)
    resolvers: dict[int, TaskId] = {}
    for task_id, task in tasks.items():
        for lock in task.holds:
            holders[lock].add(task_id)
        for future in task.resolves:
            resolvers[future] = task_id
    graph: dict[Node, frozenset[Node]] = {}
    for task_id, task in tasks.items():
        awaited: set[Node] = {by_address[one] for one in task.tasks if one in by_address}
        if task.object is not None and task.kind in (AwaitKind.LOCK, AwaitKind.SEMAPHORE):
            awaited |= holders[task.object]
        if task.future is not None:
            awaited |= completers_of(tree, pid, task.future)
        graph[task_id] = frozenset(awaited)
    workers = {node for nodes in graph.values() for node in nodes if isinstance(node, ThreadId)}
    for worker in workers:
        subject = tree.threads[worker].subject
        futures = {one.future for one in subject.tasks} if subject is not None else set()
        graph[worker] = frozenset(resolvers[f] for f in futures if f is not None and f in resolvers)
    return graph


# A consumer of a queue, or a reader of a stream, is seldom where the trouble began.
_LATE = frozenset({AwaitKind.QUEUE_GET, AwaitKind.IO})


def _kind_rank(task: AioTask) -> int:
    return 1 if task.kind in _LATE else 0


def _rank(
    tasks: dict[TaskId, AioTask], sink: frozenset[Node], waiting: int
) -> tuple[bool, int, int, list[Node]]:
    """Sort key: cycles first, then what others wait for."""
    kinds = min(_kind_rank(tasks[task]) for task in only_tasks(sink))
    return len(sink) == 1, kinds, -waiting, sorted(sink)
