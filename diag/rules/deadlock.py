"""What the rules about threads that can never run again have in common."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from diag.analysis.candidate_words import UNPROVEN
from diag.analysis.case import Case
from diag.analysis.causes import Cause, CauseKind
from diag.analysis.chain import evidence_of, runs_user_code, victim_links, wait_links
from diag.analysis.endings import exit_code_of, exit_statuses, last_seen, signal_of
from diag.analysis.owners import OwnerState
from diag.model.base import Record
from diag.model.finding import Confidence, Evidence, Link, Source
from diag.model.ids import ThreadId

_SHOWN_MEMBERS = 8
_SHOWN_EVIDENCE = 6


class Deadlock(Record, frozen=True):
    """Causes of the same kind at the same place: one finding.

    Attributes:
        causes: they differ in the process or thread only.
        members: all threads of the causes, the most telling first.
        victims: all threads that wait for them.

    """

    causes: tuple[Cause, ...]
    members: tuple[ThreadId, ...]
    victims: tuple[ThreadId, ...]

    @property
    def first(self) -> ThreadId:
        """The most telling thread."""
        return self.members[0]


def deadlocks(case: Case, kind: CauseKind) -> Iterator[Deadlock]:
    """Yield the causes of one kind, those at the same place as one."""
    groups: dict[object, list[Cause]] = defaultdict(list)
    for cause in case.causes:
        if cause.kind is kind:
            groups[_place(case, cause)].append(cause)
    for causes in groups.values():
        members = tuple(member for cause in causes for member in cause.threads)
        victims = dict.fromkeys(victim for cause in causes for victim in cause.victims)
        yield Deadlock(causes=tuple(causes), members=members, victims=tuple(victims))


def _place(case: Case, cause: Cause) -> object:
    location = case.locate(cause.threads[0])
    if len(cause.threads) > 1:
        return cause.threads
    return (location.function, location.file, location.line, location.process_role)


def is_proven(deadlock: Deadlock) -> bool:
    """Return whether it is proven that none of the members can ever run again."""
    return all(cause.proven for cause in deadlock.causes)


def has_candidates(case: Case, deadlock: Deadlock) -> bool:
    """Return whether the owner of a lock that a member waits for is known by its code only."""
    owners = (case.liveness.wakers[member].owner for member in deadlock.members)
    return any(owner is not None and owner.state is OwnerState.CANDIDATE for owner in owners)


def common_fields(case: Case, deadlock: Deadlock) -> dict[str, Any]:
    """Return the fields of a `Finding` that do not depend on the rule."""
    return {
        "confidence": Confidence.PROVEN if is_proven(deadlock) else Confidence.LIKELY,
        "primary": case.locate(_guilty(case, deadlock)),
        "related": tuple(map(case.locate, (*deadlock.members[1:], *deadlock.victims))),
        "evidence": tuple(_evidence(case, deadlock)),
        "chain": tuple(_chain(case, deadlock)),
    }


def _guilty(case: Case, deadlock: Deadlock) -> ThreadId:
    """Return the thread whose code to look at: a server of the library's acts for its clients."""
    if any(runs_user_code(case, member) for member in deadlock.members):
        return deadlock.first
    clients = (victim for victim in deadlock.victims if runs_user_code(case, victim))
    return next(clients, deadlock.first)


def _chain(case: Case, deadlock: Deadlock) -> Iterable[Link]:
    links, told = wait_links(case, _one_of_each(deadlock), shown=_SHOWN_MEMBERS)
    hidden = len(deadlock.members) - told
    if hidden > 0:
        what = "more like it" if len(deadlock.causes) > 1 else "more threads in the same knot"
        links.append(Link(text=f"{hidden} {what}", source=Source.OBSERVED))
    return (*links, *victim_links(case, deadlock.victims))


def _one_of_each(deadlock: Deadlock) -> tuple[ThreadId, ...]:
    """Return all members of a single cause, one of each where there are several."""
    if len(deadlock.causes) == 1:
        return deadlock.members
    return deadlock.members[:1]


def _evidence(case: Case, deadlock: Deadlock) -> list[Evidence]:
    facts = [fact for member in _one_of_each(deadlock) for fact in evidence_of(case, member)]
    doubts = {
        doubt for member in deadlock.members for doubt in case.liveness.wakers[member].uncertain
    }
    if has_candidates(case, deadlock) and not is_proven(deadlock):
        doubts.add(UNPROVEN)
    facts = list(dict.fromkeys(facts))[:_SHOWN_EVIDENCE]
    facts.extend(
        Evidence(text=f"not proven: {doubt}", source=Source.OBSERVED) for doubt in sorted(doubts)
    )
    return facts


def ended_children(case: Case, owners: Iterable[int]) -> Iterator[Evidence]:
    """Yield how children have ended, as far as that is known."""
    wanted, seen = frozenset(owners), last_seen(case.samples)
    ended = {
        child.pid: status
        for child, status in exit_statuses(case.samples).items()
        if child in seen and seen[child].parent_pid in wanted
    }
    now = (process for process in case.tree.processes.values() if process.parent_pid in wanted)
    known = {process.pid: process.exit_status for process in now if process.state == "Z"}
    for pid, status in (known | ended).items():
        yield Evidence(text=f"child {pid} has ended{_how(status)}", source=Source.OBSERVED)


def _how(status: int | None) -> str:
    """Return how a process ended, from the status that wait4(2) gives."""
    if status is None:
        return ""
    code, ended_by = exit_code_of(status), signal_of(status)
    if code is not None:
        return f" with exit code {code}"
    return f" by {ended_by.name}" if ended_by is not None else " by a signal"
