"""Threads that an earlier test left behind, stuck for ever: true, and not why this test hangs.

Any thread of a process may end most of its waits, so the proof of a hang goes through those as
well, and their lock cycle would be named as its cause.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.natives import who_may_release
from diag.analysis.owners import OwnerState
from diag.analysis.tree import Tree
from diag.analysis.wakers import wakers_of
from diag.model.finding import Finding, Location
from diag.model.ids import ThreadId
from diag.model.recording import Recording
from diag.model.report import Report
from diag.model.snapshot import Snapshot
from diag.model.wait import WaitKind
from diag.pytest_monitor.board import State

Boards = Mapping[int, State]
Left = Mapping[ThreadId, str]
"""Threads that outlived the tests that started them, and those tests."""


_MOST_NAMED = 5
_TAKES = (WaitKind.LOCK, WaitKind.SHARED_LOCK)
# Waits on a lock that belongs to nobody.
_FOR_ANYBODY = frozenset(
    {
        Idiom.EVENT,
        Idiom.CONDITION,
        Idiom.BARRIER,
        Idiom.QUEUE_GET,
        Idiom.QUEUE_PUT,
        Idiom.QUEUE_JOIN,
        Idiom.SEMAPHORE,
    }
)


class _Stuck(NamedTuple):
    """A thread that can never run again, as it was seen.

    Attributes:
        number: of the state in which its process was then.
        start_ticks: tells it from a later thread with its id.
        switches: how often it had been switched: the same if it has not run since.

    """

    number: int
    start_ticks: int
    switches: tuple[int | None, int | None]


class Leftovers:
    """Remembers them from one judgement to the next."""

    def __init__(self) -> None:
        self._stuck: dict[ThreadId, _Stuck] = {}

    def note(self, report: Report, boards: Boards) -> None:
        """Take down who is stuck, other than main threads."""
        self._stuck = {
            member: self._before(member, seen) or seen
            for member, seen in _stuck_now(report, boards).items()
        }

    def among(self, report: Report, boards: Boards, left: Left) -> frozenset[ThreadId]:
        """Return those who were left behind, or were stuck in an earlier test and have not run."""
        return frozenset(
            member
            for member, seen in _stuck_now(report, boards).items()
            if left.get(member, boards[member.pid].name) != boards[member.pid].name
            or ((before := self._before(member, seen)) and before.number != seen.number)
        )

    def _before(self, member: ThreadId, seen: _Stuck) -> _Stuck | None:
        """Return what was taken down of a thread, if it has not run since."""
        before = self._stuck.get(member)
        if before is None or None in seen.switches:
            return None
        return before if before._replace(number=seen.number) == seen else None


def _stuck_now(report: Report, boards: Boards) -> dict[ThreadId, _Stuck]:
    return {
        ThreadId(view.process.pid, thread.tid): _Stuck(
            boards[view.process.pid].number,
            thread.start_ticks,
            (thread.voluntary_switches, thread.involuntary_switches),
        )
        for view in report.processes
        if view.process.pid in boards
        for thread in view.process.threads
        if thread.tid != view.process.pid and view.live.get(thread.tid) is False
    }


def own_first(findings: Iterable[Finding], left: Left, test: str) -> tuple[Finding, ...]:
    """Return the findings, those about threads of earlier tests last."""
    return tuple(sorted(findings, key=lambda each: _before(each.primary, left, test) is not None))


def _before(place: Location, left: Left, test: str) -> str | None:
    """Return the earlier test that left the thread at a place behind, None if none did."""
    found = left.get(ThreadId(place.pid, place.tid), test) if place.tid is not None else test
    return None if found == test else found


def left_words(findings: Iterable[Finding], left: Left, test: str) -> str:
    """Say which tests have left behind who is part of findings about another; may be empty."""
    places = {place for each in findings for place in (each.primary, *each.related)}
    named = {place: name for place in places if (name := _before(place, left, test)) is not None}
    lines = [
        f'thread "{place.thread}" (tid {place.tid}) was left behind by {name}\n'
        for place, name in sorted(named.items(), key=lambda item: item[0].tid or 0)
    ]
    more = len(lines) - _MOST_NAMED
    return "".join(lines[:_MOST_NAMED]) + (
        f"and {more} more of earlier tests\n" if more > 0 else ""
    )


def without(recording: Recording, left: frozenset[ThreadId]) -> Recording | None:
    """Return the looks without these threads; None if somebody may wait for one of them as such.

    As the owner of a lock, known or not, or by `join`, it is part of why the test hangs.
    """
    with_stacks = (look for look in recording.snapshots if look.confirms_s is None)
    if any(_may_mean_them(look, left) for look in with_stacks):
        return None
    looks = tuple(_drop(snapshot, left) for snapshot in recording.snapshots)
    return replace(recording, snapshots=looks)


def _may_mean_them(snapshot: Snapshot, left: frozenset[ThreadId]) -> bool:
    tree = Tree(snapshot)
    for member in tree.threads.keys() - left:
        parties = wakers_of(tree, member)
        if not parties.threads & left:
            continue
        wait = tree.threads[member].wait
        if wait.kind is WaitKind.LOCK:
            anybody, _ = who_may_release(tree, member)
        else:
            anybody = frozenset(tree.threads_of[member.pid]) - {member}
        takes = wait.kind in _TAKES and idiom_of(tree.threads[member].stack) not in _FOR_ANYBODY
        owned = parties.owner is not None and parties.owner.state is not OwnerState.UNKNOWN
        if takes or owned or parties.completion is not None or not anybody <= parties.threads:
            return True
    return False


def _drop(snapshot: Snapshot, left: frozenset[ThreadId]) -> Snapshot:
    return replace(
        snapshot,
        processes=tuple(
            replace(
                process,
                threads=tuple(
                    thread
                    for thread in process.threads
                    if ThreadId(process.pid, thread.tid) not in left
                ),
            )
            for process in snapshot.processes
        ),
    )
