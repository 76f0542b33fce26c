"""A lock that was held by another thread when the process was forked."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.roles import role_of
from diag.model.finding import Finding, Severity
from diag.model.lock import LockKind
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks

_ADVICE = (
    'Start workers with the "spawn" or "forkserver" start method, or fork before starting threads.'
)
_ADVICE_LOGGING = _ADVICE + (
    " For logging: give workers a QueueHandler and run the QueueListener in the parent."
)


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.ORPHANED_LOCK):
        forked = case.tree.processes[deadlock.first.pid].forked_without_exec
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            title=_title(case, deadlock),
            explanation=_FORKED if forked else _ABANDONED,
            advice=_ADVICE_LOGGING if _is_logging(case, deadlock) else _ADVICE,
            **common_fields(case, deadlock),
        )


_FORKED = (
    "A fork copies the memory of a process with every lock in the state it has at that moment,"
    " but only the thread that forks. A lock held by any other thread stays locked in the child,"
    " and the thread that would release it does not exist there."
)
_ABANDONED = (
    "The lock records an owner, and no thread of this process has that id: the owner ended"
    " without releasing it, so nobody ever will."
)


_PLURALS = {"child": "children"}


def _title(case: Case, deadlock: Deadlock) -> str:
    stuck = sorted({member.pid for member in deadlock.members})
    role = role_of(case.tree, stuck[0])
    peers = [pid for pid in case.tree.processes if role_of(case.tree, pid) == role]
    if len(stuck) == 1 and len(peers) == 1:
        return f"{role} {stuck[0]} can never run again: the owner of its lock does not exist"
    noun = _PLURALS.get(role, f"{role}s") if len(peers) > 1 else role
    return (
        f"{len(stuck)} of {len(peers)} {noun} can never run again:"
        " the owner of the lock does not exist"
    )


def _is_logging(case: Case, deadlock: Deadlock) -> bool:
    thread = case.tree.threads[deadlock.first]
    lock = thread.wait.lock
    if lock is not None and lock.kind is LockKind.MUTEX:
        return False
    frames = thread.stack.frames if thread.stack else ()
    return any("/logging/" in frame.file for frame in frames)


RULE = Rule(
    id="orphaned-lock",
    title="A lock whose owner does not exist",
    severity=Severity.ERROR,
    summary="A thread waits for a lock that no thread of its process can release,"
    " as after a fork while another thread held it.",
    needs="the target's memory, to read the owner; or a process with a single thread",
    check=_check,
)
