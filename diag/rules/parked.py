"""A main thread that nothing but a signal could set going: parked on purpose, or forgotten."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.chain import evidence_of, wait_words
from diag.analysis.signals import is_parked_main
from diag.model.finding import Confidence, Finding, Severity
from diag.model.ids import ThreadId
from diag.rules.base import Rule


def _check(case: Case) -> Iterator[Finding]:
    for thread_id in case.tree.threads:
        inert = thread_id in case.liveness.inert - case.liveness.likely
        seen = case.tree.threads[thread_id].stack is not None
        if inert and seen and is_parked_main(case.tree, thread_id):
            yield _finding(case, thread_id)


def _finding(case: Case, thread_id: ThreadId) -> Finding:
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.POSSIBLE,
        title=f"{wait_words(case, thread_id)}, and nothing but a signal is left to end that",
        explanation="Every thread that could end this wait is blocked without a time-out itself,"
        " or has ended. A program that is parked until Ctrl-C looks like that, and so does one that"
        " waits for something that will never come: from outside the two are not told apart.",
        advice="If it should go on by itself: find who was to end it, and do that in a finally"
        " block, so that it happens when the work fails too. If it is parked, all is well.",
        primary=case.locate(thread_id),
        evidence=tuple(evidence_of(case, thread_id)),
    )


RULE = Rule(
    id="parked",
    title="Only a signal could set it going",
    severity=Severity.INFO,
    summary="A main thread waits for an Event, or in an event loop without tasks, and no thread is"
    " left that could do anything about it.",
    needs="two looks at the waits of every thread, and stacks",
    check=_check,
)
