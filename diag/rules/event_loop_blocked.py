"""An event loop that a callback keeps from its other work."""

from collections.abc import Iterator

from diag.analysis.blocked_loops import BlockedLoop, blocked_loops
from diag.analysis.case import Case
from diag.analysis.chain import wait_link, wait_words
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.rules.base import Rule


def _check(case: Case) -> Iterator[Finding]:
    for blocked in blocked_loops(case):
        place = case.locate(blocked.thread)
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            confidence=Confidence.LIKELY,
            title=f"{case.name(blocked.thread)} blocks its event loop in"
            f" {place.function or 'a callback'}, for at least {blocked.for_s:.1f} s",
            explanation="While a coroutine or callback runs, its event loop runs nothing else: no"
            " other task goes on, no timer fires, no connection is served. This one does not come"
            f" back: {_doing(case, blocked)}.",
            advice="Use the asynchronous form of the call, or hand it to asyncio.to_thread() or"
            " loop.run_in_executor(); work for the CPU belongs in a process pool.",
            primary=place,
            evidence=tuple(_evidence(case, blocked)),
            chain=(wait_link(case, blocked.thread),),
        )


def _doing(case: Case, blocked: BlockedLoop) -> str:
    if blocked.sleeps:
        return wait_words(case, blocked.thread)
    return "it runs on a CPU, or in many short waits, without giving way to the loop"


def _evidence(case: Case, blocked: BlockedLoop) -> Iterator[Evidence]:
    if blocked.overdue_s is not None:
        yield Evidence(
            text=f"a timer of the loop was due {blocked.overdue_s:.1f} s before the second look"
            " and has not run",
            source=Source.READ,
        )
    if blocked.ready:
        yield Evidence(
            text=f"{blocked.ready} callbacks are ready and wait for their turn", source=Source.READ
        )
    if blocked.tasks:
        yield Evidence(text=f"{blocked.tasks} other tasks wait for the loop", source=Source.READ)
    if blocked.sleeps:
        yield Evidence(
            text=f"thread {blocked.thread.tid} of {blocked.thread.pid} was in the same call in both"
            f" looks and did not run for {case.apart_s:.1f} s",
            source=Source.OBSERVED,
        )


RULE = Rule(
    id="event-loop-blocked",
    title="A callback blocks the event loop",
    severity=Severity.WARNING,
    summary="A coroutine makes a synchronous call, or computes, while other tasks wait.",
    needs="two looks at the event loop, read from the memory of the process",
    check=_check,
)
