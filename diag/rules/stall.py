"""Nothing has happened for long, and not because everybody waits for something to do.

No proof: the party that is waited for is outside the tree, and may still answer.
"""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.dependence import end_of_the_wait
from diag.analysis.words import describe_wait
from diag.model.channel import ChannelKind
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.thread import Thread
from diag.model.wait import WaitKind
from diag.rules.base import Rule

# Who waits like that waits for an answer; an idle server polls or accepts.
_FOR_AN_ANSWER = frozenset(
    {
        WaitKind.READ,
        WaitKind.WRITE,
        WaitKind.CONNECT,
        WaitKind.OPEN,
        WaitKind.FILE_LOCK,
        WaitKind.SHARED_LOCK,
    }
)


# Who is like that would go on if it were let: it wants a CPU (a quota withholds it, or others
# have it), its pages, or somebody to continue it. What keeps it has rules of its own.
_HELD_BACK = frozenset({WaitKind.RUNNING, WaitKind.DISK, WaitKind.STOPPED, WaitKind.TRACED})


def _check(case: Case) -> Iterator[Finding]:
    if case.liveness.likely:
        return  # whatever can never go on has a rule of its own
    if any(
        thread.wait.kind in _HELD_BACK
        for tree in (case.tree, case.second)
        for thread in tree.threads.values()
    ):
        return
    thread_id = end_of_the_wait(case)
    if thread_id is not None and _waits_for_an_answer(case, case.tree.threads[thread_id]):
        yield _finding(case, thread_id)


def _waits_for_an_answer(case: Case, thread: Thread) -> bool:
    wait = thread.wait
    if wait.timed or wait.unknown is not None or wait.kind not in _FOR_AN_ANSWER:
        return False
    channels = [case.tree.channels.get(item.channel) for item in wait.channels]
    return not any(c is None or c.kind is ChannelKind.TERMINAL for c in channels)


def _finding(case: Case, thread_id: ThreadId) -> Finding:
    process, thread = case.tree.processes[thread_id.pid], case.tree.threads[thread_id]
    still_s = case.tree.snapshot.still_s or 0.0
    waits = describe_wait(thread, process, case.tree.channels)
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.POSSIBLE,
        title=f"nothing has happened for {still_s:.0f} s: {case.name(thread_id)} {waits}",
        explanation="No thread of the tree has run in all that time. Somebody outside the tree"
        " could still end the wait, so this is no proof: it may be slow, or never answer.",
        advice="Look at the other side. Give the wait a time-out, so that it fails loudly when no"
        " answer comes. If such a pause is usual, say how long with --stall.",
        primary=case.locate(thread_id),
        evidence=(
            Evidence(
                text=f"the scheduler has run none of the {len(case.tree.threads)} threads"
                f" for {still_s:.0f} s",
                source=Source.OBSERVED,
            ),
            Evidence(
                text=case.liveness.reasons.get(thread_id, "may go on"), source=Source.OBSERVED
            ),
        ),
    )


RULE = Rule(
    id="stall",
    title="Nothing has happened for long",
    severity=Severity.WARNING,
    summary="No thread of the tree has run for the time given by --stall, and what the main thread"
    " waits for is an answer, not something to do.",
    needs="a watch (`diag run`, `diag watch`) that has seen the tree stand still for long",
    check=_check,
    has_evidence=lambda case: case.tree.snapshot.still_s is not None,
)
