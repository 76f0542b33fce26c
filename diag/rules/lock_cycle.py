"""Threads or processes that wait for each other's locks in a circle."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.owners import OwnerState
from diag.model.finding import Finding, Severity
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.LOCK_CYCLE):
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            title=_title(deadlock),
            explanation=_SEEMS if _is_guessed(case, deadlock) else _OWNS,
            advice="Take the locks in the same order everywhere, take all of them under one"
            " outer lock, or use acquire(timeout=...) and give back what is held on failure."
            " Never join a thread while holding a lock that it needs.",
            **common_fields(case, deadlock),
        )


_OWNS = "Each of them owns what the next one waits for, so none can go on."
_SEEMS = (
    "Each of them seems to own what the next one waits for: its code took that lock before the"
    " line where it stands. If so none can go on."
)


def _is_guessed(case: Case, deadlock: Deadlock) -> bool:
    owners = (case.liveness.wakers[member].owner for member in deadlock.members)
    return any(owner is not None and owner.state is OwnerState.CANDIDATE for owner in owners)


def _title(deadlock: Deadlock) -> str:
    across = len({member.pid for member in deadlock.members}) > 1
    what = "processes" if across else "threads"
    return f"{len(deadlock.members)} {what} wait for each other in a circle"


RULE = Rule(
    id="lock-cycle",
    title="Threads or processes wait for each other's locks in a circle",
    severity=Severity.ERROR,
    summary="Every member of the circle owns a lock that the next one waits for.",
    needs="the target's memory, to read the owners",
    check=_check,
)
