"""Threads that take locks and give them back for ever, because each is in the other's way."""

from collections.abc import Iterator
from itertools import combinations

from msgspec.structs import replace

from diag.analysis.case import Case
from diag.analysis.spinning import LEAST_LOOKS, shows_new, turns_of
from diag.model.finding import Confidence, Evidence, Finding, Location, Severity, Source
from diag.model.ids import ThreadId
from diag.model.sample import LockTurns, Turns
from diag.rules.base import Rule, Scope

_LEAST_TAKEN = 2


def _check(case: Case) -> Iterator[Finding]:
    for pid in case.tree.processes:
        turning = [
            (thread_id, turns, turns.locks)
            for thread_id in case.tree.threads_of[pid]
            if (turns := turns_of(case, thread_id)) is not None
            and turns.locks is not None
            and _gives_back(turns, turns.locks)
        ]
        for (one, turns, first), (other, others, second) in combinations(turning, 2):
            if _bar_each_other(first, second):
                yield _finding(case, (one, other), (turns, others))


def _gives_back(turns: Turns, locks: LockTurns) -> bool:
    """Whether a thread takes one lock again and again, tries others, and changes nothing."""
    again = locks.taken >= _LEAST_TAKEN and locks.most == 1
    # Values that only come back may be a balance that goes up and down: they have to stay.
    constant = turns.states == turns.paths and not shows_new(turns)
    return turns.looks >= LEAST_LOOKS and again and locks.tries and constant


def _bar_each_other(first: LockTurns, second: LockTurns) -> bool:
    """Whether each holds, from time to time, a lock that the other knows and never holds."""
    mine, theirs = set(first.held), set(second.held)
    return mine.isdisjoint(theirs) and mine <= set(second.known) and theirs <= set(first.known)


def _finding(case: Case, threads: tuple[ThreadId, ThreadId], turns: tuple[Turns, Turns]) -> Finding:
    places = tuple(map(_place, map(case.locate, threads), turns))
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.POSSIBLE,
        title=f"{case.names(threads)} take a lock each and give it back, again and again",
        explanation="Each takes one lock, tries to get the one that the other holds, gives back"
        " what it has and begins anew. If both do so in step, neither ever gets both. All of them"
        " move, so this is no proof: they may succeed at the next turn.",
        advice="Take the locks in one order and wait for them. If giving back is needed, wait for"
        " a random time that grows before the next try, and bound the number of tries.",
        primary=places[0],
        related=places[1:],
        evidence=tuple(_evidence(threads, turns)),
    )


def _evidence(threads: tuple[ThreadId, ThreadId], turns: tuple[Turns, Turns]) -> Iterator[Evidence]:
    for thread_id, seen in zip(threads, turns, strict=True):
        taken = seen.locks.taken if seen.locks else 0
        yield Evidence(
            text=f"in {seen.looks} looks at its frames thread {thread_id.tid} entered its lock"
            f" {taken} times and more, never held two, and its variables stayed the same",
            source=Source.READ,
        )
    yield Evidence(
        text="each of them refers to the lock that the other one takes, and calls acquire()",
        source=Source.READ,
    )


def _place(place: Location, turns: Turns) -> Location:
    frame = turns.frame
    return replace(place, function=frame.function, file=frame.file, line=frame.line)


RULE = Rule(
    id="live-lock",
    title="Threads that give way to each other for ever",
    severity=Severity.WARNING,
    summary="Two threads take a lock each and give it back, again and again, and nothing changes.",
    needs="many quick looks at the frames of threads that pause or run",
    check=_check,
    has_evidence=lambda case: bool(case.activities),
    scope=Scope.PROCESS,
)
