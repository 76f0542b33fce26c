"""A thread that uses a CPU and gets nowhere."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.chain import wait_link
from diag.analysis.starvation import held_gils
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.wait import WaitKind
from diag.rules.base import Rule

_LEAST_APART_S = 0.5
_LEAST_CPU_S = 0.25
_MOST_SYSTEM_SHARE = 0.2  # who uses more makes system calls, and their effect is not seen


def _check(case: Case) -> Iterator[Finding]:
    if case.apart_s < _LEAST_APART_S:
        return
    ticks_per_s = case.host.clock_ticks_per_s
    told = {held.holder for held in held_gils(case.tree, case.second, ticks_per_s=ticks_per_s)}
    for thread_id in case.tree.threads.keys() - told:
        used_s = _stands_still(case, thread_id)
        if used_s is not None:
            yield _finding(case, thread_id, used_s)


def _stands_still(case: Case, thread_id: ThreadId) -> float | None:
    """Return the CPU time that a thread used without changing anything, None if it did."""
    before, after = case.tree.threads[thread_id], case.second.threads.get(thread_id)
    if after is None or before.start_ticks != after.start_ticks:
        return None
    if before.wait.kind is not WaitKind.RUNNING or before.standing is None:
        return None
    if after.standing is None or before.standing.digest != after.standing.digest:
        return None
    if not before.standing.matching and (before.standing.calling or after.standing.calling):
        return None
    per_s = case.host.clock_ticks_per_s
    system_s = (after.system_ticks - before.system_ticks) / per_s
    used_s = system_s + (after.user_ticks - before.user_ticks) / per_s
    if used_s < _LEAST_CPU_S or system_s > _MOST_SYSTEM_SHARE * used_s:
        return None
    return used_s


def _finding(case: Case, thread_id: ThreadId, used_s: float) -> Finding:
    standing = case.tree.threads[thread_id].standing
    matching = standing is not None and standing.matching
    place = case.locate(thread_id)
    where = place.function or "C code"
    does = f"matches one regular expression in {where}" if matching else f"spins in {where}"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY if matching else Confidence.POSSIBLE,
        title=f"{case.name(thread_id)} {does}: {used_s:.1f} s of CPU time, and nothing has changed",
        explanation=_MATCHING if matching else _SPINNING,
        advice=_ADVICE_MATCHING if matching else _ADVICE_SPINNING,
        primary=place,
        evidence=(
            Evidence(
                text=f"thread {thread_id.tid} of {thread_id.pid} used {used_s:.1f} s of CPU time"
                f" in {case.apart_s:.1f} s, hardly any of it in the kernel",
                source=Source.OBSERVED,
            ),
            Evidence(
                text="its frames, their variables, the attributes and lengths of what these refer"
                " to, and the module's globals were the same in both looks",
                source=Source.READ,
            ),
        ),
        chain=(wait_link(case, thread_id),),
    )


_SPINNING = (
    "The thread runs all the time, calls nothing, and after that everything it can see is as it"
    " was before: it asks in a loop for something that another party has to change."
)
_MATCHING = (
    "The thread has been matching all the time. A pattern in which one repetition stands in"
    " another, or two alternatives match the same text, tries exponentially many ways before it"
    " gives up; and the GIL is not released meanwhile."
)
_ADVICE_SPINNING = (
    "Wait for the change with a Condition, an Event or a queue instead of asking for it in a loop,"
    " and make sure that its author still runs. A calculation that is meant to take long is no"
    " trouble."
)
_ADVICE_MATCHING = (
    "Rewrite the pattern without nested repetition ((a+)+) and overlapping alternatives, use"
    " possessive or atomic groups (Python 3.11), or bound the length of the text."
)


RULE = Rule(
    id="busy-loop",
    title="A thread uses a CPU and gets nowhere",
    severity=Severity.WARNING,
    summary="A thread computes from the first look to the second, and nothing that it can see"
    " has changed.",
    needs="two looks at the variables of running threads, 0.5 s apart or more",
    check=_check,
)
