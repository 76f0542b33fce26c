"""Threads or processes that wait for each other's locks in a circle."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.model.finding import Finding, Severity
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks, has_candidates, is_proven


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.LOCK_CYCLE):
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            title=_title(case, deadlock),
            explanation=_explanation(case, deadlock),
            advice="Take the locks in the same order everywhere, take all of them under one"
            " outer lock, or use acquire(timeout=...) and give back what is held on failure."
            " Never join a thread while holding a lock that it needs.",
            **common_fields(case, deadlock),
        )


_OWNS = "Each of them owns what the next one waits for, so none can go on."
_SEEMS = (
    "Each of them seems to own what the next one waits for: its code took that lock before the"
    " line where it stands."
)
_IF_SO = " If so none can go on."
_ANYWAY = (
    " That none can ever go on is proven, whoever took the locks: no thread is left that could"
    " release them."
)


def _explanation(case: Case, deadlock: Deadlock) -> str:
    if not has_candidates(case, deadlock):
        return _OWNS
    return _SEEMS + (_ANYWAY if is_proven(deadlock) else _IF_SO)


def _title(case: Case, deadlock: Deadlock) -> str:
    across = len({member.pid for member in deadlock.members}) > 1
    what = "processes" if across else "threads"
    wait = "seem to wait" if has_candidates(case, deadlock) else "wait"
    title = f"{len(deadlock.members)} {what} {wait} for each other in a circle"
    return f"{title}, and none can ever go on" if wait != "wait" and is_proven(deadlock) else title


RULE = Rule(
    id="lock-cycle",
    title="Threads or processes wait for each other's locks in a circle",
    severity=Severity.ERROR,
    summary="Every member of the circle owns a lock that the next one waits for.",
    needs="the target's memory, to read the owners",
    check=_check,
)
