"""Tasks of asyncio in words: what each awaits, and as links of a chain."""

from diag.analysis.awaiting import follower, unresolved
from diag.analysis.case import Case
from diag.analysis.completions import completers_of
from diag.analysis.event_loops import TaskId, tasks_of
from diag.analysis.frames import is_library, place, user_frame_of
from diag.analysis.owners import Owner
from diag.model.aio import AioTask, AwaitKind
from diag.model.finding import Link, Location, Source
from diag.model.ids import ThreadId

_AWAITS = {
    AwaitKind.FUTURE: "a Future to be resolved",
    AwaitKind.TASKS: "the end of {tasks}",
    AwaitKind.EXECUTOR: "the result of a task of a pool",
    AwaitKind.SLEEP: "a timer",
    AwaitKind.LOCK: "an asyncio {type}",
    AwaitKind.SEMAPHORE: "an asyncio {type}",
    AwaitKind.EVENT: "an asyncio {type} to be set",
    AwaitKind.CONDITION: "an asyncio {type} to be notified",
    AwaitKind.BARRIER: "the other parties of an asyncio {type}",
    AwaitKind.QUEUE_GET: "an item of an asyncio {type}",
    AwaitKind.QUEUE_PUT: "room in an asyncio {type}",
    AwaitKind.QUEUE_JOIN: "the items of an asyncio {type} to be done",
    AwaitKind.IO: "input or output",
}
_SHOWN_TASKS = 3


def task_name(task: AioTask) -> str:
    """Return a task's name with its outermost function: 'task "Task-2" (main)'."""
    function = f" ({task.frames[-1].function})" if task.frames else ""
    return f'task "{task.name or "?"}"{function}'


def awaits_words(case: Case, task_id: TaskId) -> str:
    """Say what a task awaits: "an asyncio Event to be set"."""
    task = case.task(task_id)
    if task.kind is None:
        return "its turn"
    return _AWAITS[task.kind].format(
        type=task.type_name or "object", tasks=_tasks(case, task_id, task)
    )


def _tasks(case: Case, task_id: TaskId, task: AioTask) -> str:
    known = {one.address: one for one in case.tree.processes[task_id.pid].tasks}
    names = [f'"{known[one].name or "?"}"' for one in task.tasks if one in known]
    if not names:
        return "other tasks"
    shown = ", ".join(names[:_SHOWN_TASKS])
    rest = len(names) - _SHOWN_TASKS
    return f"task{'s' if len(names) > 1 else ''} {shown}" + (
        f" and {rest} more" if rest > 0 else ""
    )


def locate_task(case: Case, task_id: TaskId) -> Location:
    """Return the thread of a task's loop, and where the task's own code stands."""
    thread = case.locate(task_id.thread)
    frame = user_frame_of(case.task(task_id).frames)
    return Location(
        pid=thread.pid,
        tid=thread.tid,
        process_role=thread.process_role,
        thread=thread.thread,
        function=frame.function if frame else None,
        file=frame.file if frame else None,
        line=frame.line if frame else None,
    )


def task_link(case: Case, task_id: TaskId) -> Link:
    """Return one task's wait as a link of a chain, with the coroutines that it has entered."""
    task = case.task(task_id)
    details = [f"in {place(frame)}" for frame in task.frames[:1]]
    details += [f"awaited in {place(frame)}" for frame in task.frames[1:] if not is_library(frame)]
    if task.object is not None and task.object in task.holds:
        details.append("it holds that lock itself")
    elif runs := _runner(case, task_id):
        details.append(runs.removeprefix("; "))
    elif task.kind in (AwaitKind.LOCK, AwaitKind.SEMAPHORE):
        details += _holders(case, task_id, task)
    return Link(
        text=f"{task_name(task)} awaits {awaits_words(case, task_id)}",
        source=Source.READ,
        waiter=locate_task(case, task_id),
        details=tuple(details),
    )


def _holders(case: Case, task_id: TaskId, task: AioTask) -> list[str]:
    holders = [
        task_name(one) for one in case.tree.processes[task_id.pid].tasks if task.object in one.holds
    ]
    return [f"held by {holder}" for holder in holders[:_SHOWN_TASKS]]


def holding_task_words(case: Case, owner: Owner) -> str:
    """Say which suspended task took a lock, nothing if none did."""
    if owner.thread is None or owner.task is None:
        return ""
    task = case.task(TaskId(*owner.thread, owner.task))
    frame = user_frame_of(task.frames)
    at = f" in {place(frame)}" if frame is not None else ""
    return f": {task_name(task)} took it, and is suspended{at}"


def loop_words(case: Case, thread_id: ThreadId) -> list[str]:
    """Say of a thread that runs an event loop what its tasks wait for; nothing of any other."""
    loop = case.tree.threads[thread_id].loop
    tasks = tasks_of(case.tree, thread_id)
    if loop is None:
        return []
    if loop.callback is None:
        found = unresolved(case.tree, thread_id)
        first = found.tasks[0] if found is not None else follower(case.tree, thread_id)
        return [_await_line(case, first)] if first is not None else []
    others = sum(address.address != loop.task for address in tasks)
    ready = "" if not loop.ready else f", {_count(loop.ready, 'callback')} ready to run"
    return [f"it is a callback of the event loop: {_count(others, 'task')} wait for it{ready}"]


def _await_line(case: Case, task_id: TaskId) -> str:
    frame = user_frame_of(case.task(task_id).frames)
    at = f", in {place(frame)}" if frame is not None else ""
    runs = _runner(case, task_id)
    return f"{task_name(case.task(task_id))} awaits {awaits_words(case, task_id)}{at}{runs}"


def _runner(case: Case, task_id: TaskId) -> str:
    future = case.task(task_id).future
    threads = completers_of(case.tree, task_id.pid, future) if future is not None else frozenset()
    return f"; {case.names(sorted(threads))} has it" if len(threads) == 1 else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
