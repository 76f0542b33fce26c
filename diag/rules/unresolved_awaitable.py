"""Tasks of asyncio that await what nobody is left to provide."""

from collections.abc import Iterator

from diag.analysis.awaiting import Unresolved, unresolved
from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.chain import victim_links, wait_link
from diag.analysis.circles import circles, may_give_up
from diag.analysis.event_loops import tasks_of
from diag.analysis.task_words import awaits_words, locate_task, task_link, task_name
from diag.model.aio import AwaitKind
from diag.model.finding import Confidence, Evidence, Finding, Link, Severity, Source
from diag.model.ids import ThreadId
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks

_SHOWN_TASKS = 8


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.UNRESOLVED_AWAITABLE):
        for loop in deadlock.members:
            found = unresolved(case.tree, loop)
            if found is not None:
                yield _finding(case, deadlock, loop, found)
                break
    for circle in circles(case.tree, case.second):
        if not {task.thread for task in circle.tasks} & case.liveness.likely:
            yield _circle(case, circle)


def _circle(case: Case, circle: Unresolved) -> Finding:
    """Return a finding about tasks that await each other while their event loop goes on."""
    tasks = (*circle.tasks, *circle.waiting)[:_SHOWN_TASKS]
    ends = may_give_up(case.tree, circle)
    return Finding(
        rule=RULE.id,
        severity=Severity.WARNING if ends else RULE.severity,
        confidence=Confidence.POSSIBLE if ends else Confidence.LIKELY,
        title=_circle_title(case, circle),
        explanation=_CIRCLE,
        advice=_ADVICE.get(case.task(circle.tasks[0]).kind, _OTHERWISE)
        + " asyncio.timeout() or wait_for() makes such a wait fail loudly.",
        primary=locate_task(case, circle.tasks[0]),
        related=tuple(locate_task(case, task) for task in tasks[1:]),
        evidence=(
            Evidence(
                text=f"both looks, {case.apart_s:.1f} s apart, show each of them in the same wait",
                source=Source.READ,
            ),
        ),
        chain=(
            *_task_links(case, circle),
            *(wait_link(case, thread) for thread in circle.threads),
        ),
    )


def _finding(case: Case, deadlock: Deadlock, loop: ThreadId, found: Unresolved) -> Finding:
    fields = common_fields(case, deadlock)
    tasks = (*found.tasks, *found.waiting)[:_SHOWN_TASKS]
    parked = _may_be_parked(case, loop, found)
    fields["chain"] = (*_task_links(case, found), *_thread_links(case, deadlock))
    fields["primary"] = locate_task(case, found.tasks[0])
    others = (locate_task(case, task) for task in tasks[1:])
    fields["related"] = (*others, *fields["related"])
    fields["evidence"] = (_idle(case, loop), *fields["evidence"])
    if parked:
        fields["confidence"] = Confidence.POSSIBLE
    return Finding(
        rule=RULE.id,
        severity=Severity.WARNING if parked else RULE.severity,
        title=_title(case, found),
        explanation=_EXPLANATION + (_PARKED if parked else ""),
        advice=_ADVICE.get(case.task(found.tasks[0]).kind, _OTHERWISE)
        + " asyncio.timeout() or wait_for() makes such a wait fail loudly.",
        **fields,
    )


def _may_be_parked(case: Case, loop: ThreadId, found: Unresolved) -> bool:
    """Whether the program may wait like this on purpose, until Ctrl-C."""
    return (
        not _is_ending(case, loop)
        and loop.tid == loop.pid == case.tree.snapshot.root.pid
        and case.task(found.tasks[0]).kind is AwaitKind.EVENT
        and len(tasks_of(case.tree, loop)) == 1
    )


def _is_ending(case: Case, loop: ThreadId) -> bool:
    """Whether asyncio.run() has cancelled what is left, and waits for it to end."""
    stack = case.tree.threads[loop].stack
    return any(
        frame.bare_name == "_cancel_all_tasks" and frame.file.endswith("asyncio/runners.py")
        for frame in (stack.frames if stack is not None else ())
    )


def _title(case: Case, found: Unresolved) -> str:
    first = case.task(found.tasks[0])
    if len(found.tasks) > 1:
        return f"{len(found.tasks)} tasks of asyncio await each other, {task_name(first)} first"
    words = f"{task_name(first)} awaits {awaits_words(case, found.tasks[0])}"
    if first.object is not None and first.object in first.holds:
        return f"{words}, which it holds itself"
    return f"{words}, and nobody is left to provide it"


def _circle_title(case: Case, circle: Unresolved) -> str:
    if not circle.threads:
        return _title(case, circle)
    first = task_name(case.task(circle.tasks[0]))
    more = len(circle.tasks) - 1
    others = f" and {more} more task{'s' if more > 1 else ''}" if more else ""
    return f"{first}{others} and {case.names(circle.threads)} wait for each other"


def _task_links(case: Case, found: Unresolved) -> list[Link]:
    tasks = (*found.tasks, *found.waiting)
    links = [task_link(case, task) for task in tasks[:_SHOWN_TASKS]]
    rest = len(tasks) - len(links)
    if rest > 0:
        links.append(Link(text=f"{rest} more tasks wait behind these", source=Source.READ))
    return links


def _thread_links(case: Case, deadlock: Deadlock) -> list[Link]:
    """Return the waits of the threads that do not stand there as tasks already."""
    others = [member for member in deadlock.members if unresolved(case.tree, member) is None]
    links = [wait_link(case, member) for member in others[:_SHOWN_TASKS]]
    return [*links, *victim_links(case, deadlock.victims)]


def _idle(case: Case, loop: ThreadId) -> Evidence:
    count = len(tasks_of(case.tree, loop))
    return Evidence(
        text=f"the event loop of thread {loop.tid} of {loop.pid} has no callback that is ready and"
        f" no timer, and {count} unfinished task{'s' if count != 1 else ''}",
        source=Source.READ,
    )


_EXPLANATION = (
    "The event loop polls without a time-out: no callback is ready, no timer is set, no descriptor"
    " of it leads to anybody who could still act, and no thread is left that could call into it."
    " What its tasks await can only come from themselves."
)
_CIRCLE = (
    "Each of these tasks awaits what only another one of them can give. Their event loop goes on"
    " with other tasks, and nothing looks stuck from outside. A task that cancels one of them, or"
    " an asyncio time-out, could still end it."
)
_PARKED = (
    " If the program is meant to do nothing until it is interrupted (Ctrl-C), this is no trouble."
)
_ADVICE: dict[AwaitKind | None, str] = {
    AwaitKind.FUTURE: "Resolve the Future on every path, also when the work fails"
    " (set_exception, in a finally block).",
    AwaitKind.EVENT: "Set the Event in a finally block, so that it is set when the work fails too.",
    AwaitKind.LOCK: "Take locks in the same order everywhere, by `async with`, and do not await a"
    " task that needs a lock while holding it.",
    AwaitKind.SEMAPHORE: "Take a Semaphore by `async with`, and do not await a task that needs it"
    " while holding it.",
    AwaitKind.CONDITION: "Change the state and notify while holding the Condition.",
    AwaitKind.BARRIER: "Start as many parties as the Barrier counts; abort() it when one fails.",
    AwaitKind.QUEUE_GET: "Let each producer put a last item that says it has ended, also when it"
    " fails.",
    AwaitKind.QUEUE_PUT: "Keep a consumer for as long as something is put into a bounded queue.",
    AwaitKind.QUEUE_JOIN: "Call task_done() once for every item taken, in a finally block, and"
    " look at the result of the consumers: one that failed is gone.",
    AwaitKind.TASKS: "Do not let tasks await each other; a task that has failed, or was never"
    " started, resolves nothing.",
    AwaitKind.EXECUTOR: "Never wait in a thread for a coroutine of the loop that waits for that"
    " thread.",
}
_OTHERWISE = "Find the party that should have ended the first wait of the chain."


RULE = Rule(
    id="unresolved-awaitable",
    title="A task awaits what nobody can provide",
    severity=Severity.ERROR,
    summary="An event loop can never run again, and a task of it awaits what only it could do.",
    needs="the tasks of asyncio, read from the memory of the process",
    check=_check,
)
