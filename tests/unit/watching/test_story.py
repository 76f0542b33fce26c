"""What is new to a watch, and what it has said before."""

from msgspec.structs import replace

from diag.model.finding import Confidence, Finding, Location
from diag.model.ids import ProcessId
from diag.rules.registry import RULES, trouble
from diag.watching.story import Story
from tests.unit.render import examples

SEVERITIES = {rule.id: rule.severity for rule in RULES}


def finding(rule: str, pid: int, tid: int | None = None) -> Finding:
    return Finding(
        rule=rule,
        severity=SEVERITIES[rule],
        confidence=Confidence.LIKELY,
        title="t",
        explanation="e",
        advice="a",
        primary=Location(pid=pid, tid=tid),
    )


def told(*looks: Finding) -> list[Finding]:
    """Return what was new, look by look, of one finding each."""
    story = Story(ProcessId(pid=1, start_ticks=1), 0.5, 0.0, trouble)
    report = examples.healthy()
    return [new for each in looks for new in story.judged(replace(report, findings=(each,)))]


def test_a_quota_is_said_once_whoever_wants_most_at_that_moment() -> None:
    first = finding("throttled", 2)
    assert told(first, finding("throttled", 3), finding("throttled", 2)) == [first]


def test_threads_of_a_process_that_take_turns_are_said_once() -> None:
    first, other = finding("gil-bound", 2, 21), finding("gil-bound", 3, 31)
    assert told(first, finding("gil-bound", 2, 22), other) == [first, other]


def test_each_thread_that_hangs_is_said() -> None:
    hung = [finding("self-deadlock", 2, 21), finding("self-deadlock", 2, 22)]
    assert told(*hung, *hung) == hung
