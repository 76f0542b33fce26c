"""A thread that waits for a lock which only itself could release."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.owners import Owner
from diag.model.finding import Finding, Severity
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.SELF_DEADLOCK):
        owner = case.liveness.wakers[deadlock.first].owner
        owns = owner is not None and owner.thread == deadlock.first
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            title=f"{case.name(deadlock.first)} waits for a lock that it "
            + ("holds itself" if owns else "alone could release"),
            explanation=_explanation(case, deadlock, owner),
            advice=_ADVICE if owner is None or owner.task is None else _ADVICE_TASK,
            **common_fields(case, deadlock),
        )


def _explanation(case: Case, deadlock: Deadlock, owner: Owner | None) -> str:
    if owner is not None and owner.task is not None:
        return _OWNED_BY_TASK
    if owner is not None and owner.thread == deadlock.first:
        return _OWNED
    return _TAKEN_BEFORE if _is_forked(case, deadlock) else _TAKEN


_ADVICE = (
    "Use an RLock where a function that holds the lock may call one that takes it, or split the"
    " function into a locked outer and an unlocked inner part."
)
_ADVICE_TASK = (
    "Never await inside of `with` on a lock of threading: use an asyncio.Lock with `async with`,"
    " or leave the body before the await."
)
_OWNED_BY_TASK = (
    "A task took the lock and is suspended inside of its body. Only the thread of its event loop"
    " can let it go on, and that thread is blocked: it waits for this very lock."
)
_OWNED = (
    "A plain Lock does not know its owner: taken a second time by the same thread it blocks that"
    " thread, and nobody is left to release it."
)
_TAKEN = (
    "The lock is taken, and the only thread that is left waits for it. Either it took the lock"
    " itself, or a thread that has ended since took it and did not release it."
)
_TAKEN_BEFORE = (
    "The lock is taken, and the only thread of this process waits for it. Either it took the lock"
    " itself, or another thread of the parent held it when this process was forked."
)


def _is_forked(case: Case, deadlock: Deadlock) -> bool:
    return case.tree.processes[deadlock.first.pid].forked_without_exec


RULE = Rule(
    id="self-deadlock",
    title="A lock taken twice by one thread",
    severity=Severity.ERROR,
    summary="A thread waits for a lock, and no other thread exists that could release it.",
    needs="the thread's stack, to tell a lock from an event",
    check=_check,
)
