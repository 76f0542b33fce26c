"""The general proof: threads that only each other could wake, and none of them runs."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.chain import wait_words
from diag.analysis.idioms import Idiom, idiom_of
from diag.model.finding import Evidence, Finding, Severity, Source
from diag.model.stack import Stack
from diag.model.wait import WaitKind
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks, ended_children


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.NOBODY_CAN_ACT):
        fields = common_fields(case, deadlock)
        ended = (*_ended_peers(case, deadlock), *_ended_threads(case, deadlock))
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            title=_title(case, deadlock),
            explanation=_LOOKS_AROUND if _looks_around(case, deadlock) else _BLOCKED,
            advice=_advice(case, deadlock),
            **fields | {"evidence": (*fields["evidence"], *ended)},
        )


_BLOCKED = (
    "Every thread that could end these waits is blocked itself, without a time-out, in a wait that"
    " only the others could end. No time-out, signal handler or party outside the tree is left"
    " that could set one of them going."
)
_LOOKS_AROUND = (
    "Every thread that could end these waits is blocked in a wait that only the others could end,"
    " or wakes up now and then only to look around and wait again, as its source reads."
)


def _looks_around(case: Case, deadlock: Deadlock) -> bool:
    return any(
        case.liveness.wakers[member].idle or case.tree.threads[member].polling is not None
        for member in deadlock.members
    )


def _ended_peers(case: Case, deadlock: Deadlock) -> Iterator[Evidence]:
    """Yield which processes have ended that may have shared what is waited for."""
    shared = [
        member
        for member in deadlock.members
        if case.tree.threads[member].wait.kind in (WaitKind.SHARED_LOCK, WaitKind.READ)
    ]
    parents = {case.tree.processes[member.pid].parent_pid for member in shared}
    yield from ended_children(case, {member.pid for member in shared} | parents)


def _ended_threads(case: Case, deadlock: Deadlock) -> Iterator[Evidence]:
    """Yield which threads have ended that may have been there to set an Event."""
    for member in deadlock.members:
        subject = case.tree.threads[member].subject
        for thread in subject.ended if subject is not None else ():
            name = f'thread "{thread.name}"' if thread.name else "a thread"
            known = "has it as an attribute" if thread.has_it else "is known where it is waited for"
            yield Evidence(text=f"{name}, which {known}, has ended", source=Source.READ)


def _title(case: Case, deadlock: Deadlock) -> str:
    first = deadlock.first
    waits = wait_words(case, first)
    if len(deadlock.members) == 1:
        return f"{waits}, and nobody is left to provide it"
    return f"{waits}, and none of the {len(deadlock.members)} threads involved can act"


def _advice(case: Case, deadlock: Deadlock) -> str:
    thread = case.tree.threads[deadlock.first]
    specific = _BY_IDIOM.get(idiom_of(thread.stack)) or _BY_WAIT.get(thread.wait.kind)
    if _joins_pool(thread.stack):
        specific = _IN_POOL_JOIN
    if thread.loop is not None and thread.loop.callback is not None:
        specific = _IN_A_LOOP
    general = "A time-out makes such a wait fail loudly instead of for ever."
    return f"{specific or _OTHERWISE} {general}"


def _joins_pool(stack: Stack | None) -> bool:
    """Whether it is in multiprocessing.Pool.join(), which waits for every result first."""
    return any(
        frame.bare_name == "join" and frame.file.endswith("/multiprocessing/pool.py")
        for frame in (stack.own_frames if stack is not None else ())
    )


_BY_IDIOM = {
    Idiom.FUTURE: "Never wait for a Future from a task of the pool that has to run it, and never"
    " use a pool that was inherited by fork: return the Future, or give inner tasks a pool of"
    " their own.",
    Idiom.QUEUE_GET: "Let each producer put a last item that says it has ended, also when it"
    " fails.",
    Idiom.QUEUE_PUT: "Keep a consumer for as long as something is put into a bounded queue.",
    Idiom.QUEUE_JOIN: "Call task_done() once for every item taken, in a finally block.",
    Idiom.EVENT: "Set the Event in a finally block, so that it is set when the work fails too.",
    Idiom.CONDITION: "Change the state and notify while holding the Condition, and wait in a loop"
    " that looks at the state first.",
    Idiom.BARRIER: "Start as many parties as the Barrier counts; abort() it when one fails.",
    Idiom.JOIN: "Tell the thread to end before joining it, or make it a daemon thread.",
    Idiom.EVENT_LOOP: "Find the awaitable that nobody resolves: no timer is pending and no"
    " descriptor of the loop leads outside.",
}
_BY_WAIT = {
    WaitKind.READ: "Close the write end of a pipe in every process that only reads it: while one"
    " is open, the reader sees no end-of-file.",
    WaitKind.CHILD: "Find out why the child cannot end: it stands in the chain.",
}
_IN_A_LOOP = (
    "A coroutine must not block: await what it waits for (asyncio.wrap_future for a Future of"
    " another thread), or hand the call to asyncio.to_thread()."
)
_IN_POOL_JOIN = (
    "A pool that is closed ends once it has a result for every task. A worker that was killed, or"
    " that called os._exit(), took its task along, and the pool started another worker but not the"
    " task: ask the results with a time-out before you join, or use ProcessPoolExecutor."
)
_OTHERWISE = "Find the party that should have ended the first wait of the chain."


RULE = Rule(
    id="nobody-can-act",
    title="Nobody is left who could act",
    severity=Severity.ERROR,
    summary="A set of threads wait for each other and for nobody else.",
    needs="two looks at the waits of every thread",
    check=_check,
)
