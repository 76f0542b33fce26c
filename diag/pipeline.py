"""From a recording to a report; and, re-exported, from a pid to a recording."""

from collections.abc import Sequence

from diag import __version__, policy
from diag.analysis import complaints, picture
from diag.analysis.case import Case
from diag.analysis.parked import WORDS, parked_mains, parked_words
from diag.analysis.pools import pools_of
from diag.analysis.roles import role_of
from diag.analysis.series import series_of
from diag.analysis.tree import Tree
from diag.analysis.words import describe_wait
from diag.errors import RecordingError
from diag.model.errorline import ErrorNote
from diag.model.finding import Finding
from diag.model.gap import Gap
from diag.model.graph import Graph
from diag.model.ids import ThreadId
from diag.model.process import Process
from diag.model.recording import Recording
from diag.model.report import (
    Observed,
    ProcessView,
    Report,
    RuleInfo,
    RuleSkipped,
    Target,
    Verdict,
)
from diag.model.snapshot import Snapshot
from diag.model.wait import WaitKind
from diag.rules.registry import RULES
from diag.watching.look import look, snapshot

_NOT_PYTHON = "{} is not a Python program: what it waits for is what the kernel says"

_TWO_LOOKS = "two looks at the tree, here is one"
_FEWER_THREADS = "a process with fewer threads"
# Time and memory of a judgement grow with it: 16 million take a gigabyte.
_MOST_PAIRS = 16_000_000
_TOO_MANY = "a process has {:,} threads, and any of them could end the wait of any other"

__all__ = ["describe", "errors_of", "judge", "look", "snapshot"]


def judge(recording: Recording) -> Report:
    """Judge the last two looks of a recording; a single look is only described.

    Raises:
        RecordingError: it holds no look at all.

    """
    pair = last_pair(recording.snapshots)
    if pair is None:
        return describe(recording)
    first, second = pair
    if _pairs(first) > _MOST_PAIRS:
        return _not_judged(
            recording, first, _TOO_MANY.format(_largest(first)), needs=_FEWER_THREADS
        )
    case = Case(
        first,
        second,
        recording.header.host,
        samples=recording.samples,
        activities=recording.activities,
    )
    found = (finding for rule in RULES for finding in rule.judge(case))
    findings = policy.gravest_first(complaints.cite(found, recording.error_lines))
    answer = policy.verdict(findings, root_was_read=_was_read(first.processes[0]))
    return _report(
        recording,
        tree=case.tree,
        verdict=answer,
        headline=policy.headline(answer, findings, first, parked_words(case)),
        findings=findings,
        skipped=tuple(
            RuleSkipped(rule=rule.id, needs=rule.needs)
            for rule in RULES
            if not rule.has_evidence(case)
        ),
        graph=picture.draw(case),
        live={
            process.pid: {
                thread.tid: (process.pid, thread.tid) not in case.liveness.likely
                for thread in process.threads
            }
            for process in first.processes
        },
        dead=case.liveness.likely,
        parked=frozenset(parked_mains(case)),
    )


def last_pair(snapshots: Sequence[Snapshot]) -> tuple[Snapshot, Snapshot] | None:
    """Return the last look that was confirmed, with what confirmed it; None if none was.

    A recording that was cut off may end with a look that nothing confirms. Two looks
    of which neither says that it confirms the other are taken as they come.
    """
    looks = {look.started_s: look for look in snapshots if look.confirms_s is None}
    for second in reversed(snapshots):
        if second.confirms_s in looks:
            return looks[second.confirms_s], second
    if len(snapshots) < 2:
        return None
    first, second = snapshots[-2:]
    return first, second


def describe(recording: Recording) -> Report:
    """Show the last look of a recording without judging it: one look proves nothing.

    Raises:
        RecordingError: it holds no look at all.

    """
    if not recording.snapshots:
        raise RecordingError("the recording holds no look at a target")
    last = recording.snapshots[-1]
    return _not_judged(recording, last, "one look cannot tell who moves", needs=_TWO_LOOKS)


def _not_judged(recording: Recording, shown: Snapshot, because: str, *, needs: str) -> Report:
    return _report(
        recording,
        tree=Tree(shown),
        verdict=Verdict.UNKNOWN,
        headline=f"not judged: {because}",
        skipped=tuple(RuleSkipped(rule=rule.id, needs=needs) for rule in RULES),
    )


def _pairs(snapshot: Snapshot) -> int:
    """Return how many times a thread may wait for another thread of its process."""
    return sum(
        len(process.threads) * sum(not thread.wait.timed for thread in process.threads)
        for process in snapshot.processes
    )


def _largest(snapshot: Snapshot) -> int:
    return max(len(process.threads) for process in snapshot.processes)


def _report(
    recording: Recording,
    *,
    tree: Tree,
    verdict: Verdict,
    headline: str,
    findings: tuple[Finding, ...] = (),
    skipped: tuple[RuleSkipped, ...] = (),
    live: dict[int, dict[int, bool | None]] | None = None,
    dead: frozenset[ThreadId] = frozenset(),
    parked: frozenset[ThreadId] = frozenset(),
    graph: Graph | None = None,
) -> Report:
    root = tree.snapshot.processes[0]
    return Report(
        diag_version=__version__,
        verdict=verdict,
        headline=headline,
        target=Target(id=root.id, name=root.name, command=root.command),
        observed=_observed(recording, tree.snapshot),
        host=recording.header.host,
        findings=findings,
        skipped=skipped,
        processes=tuple(
            _view(tree, process, (live or {}).get(process.pid, {}), parked)
            for process in tree.snapshot.processes
        ),
        pools=pools_of(tree, dead),
        limits=root.limits,
        series=series_of(recording.samples, ticks_per_s=recording.header.host.clock_ticks_per_s),
        graph=graph,
        rules=tuple(
            RuleInfo(id=rule.id, title=rule.title, severity=rule.severity, summary=rule.summary)
            for rule in RULES
        ),
        errors=errors_of(recording),
    )


def errors_of(recording: Recording) -> tuple[ErrorNote, ...]:
    """Return the known errors on standard error, each tied to what was measured then."""
    return complaints.notes(
        recording.error_lines,
        recording.samples,
        began_at_unix_s=recording.header.started_at_unix_s,
    )


def _view(
    tree: Tree, process: Process, live: dict[int, bool | None], parked: frozenset[ThreadId]
) -> ProcessView:
    waits = {
        thread.tid: describe_wait(thread, process, tree.channels) for thread in process.threads
    }
    if (process.pid, process.pid) in parked:
        waits[process.pid] += f"; {WORDS}"
    return ProcessView(
        role=role_of(tree, process.pid),
        process=process,
        waits=waits,
        live=live,
    )


def _observed(recording: Recording, shown: Snapshot) -> Observed:
    first, last = recording.snapshots[0], recording.snapshots[-1]
    gaps = [*shown.gaps, *(gap for process in shown.processes for gap in process.gaps)]
    gaps += dict.fromkeys(gap for sample in recording.samples for gap in sample.gaps)
    gaps += (gap for activity in recording.activities for gap in activity.gaps)
    root = shown.processes[0]
    if root.interpreter is None and not root.gaps:
        gaps.append(Gap(what="Python stacks", because=_NOT_PYTHON.format(root.name), pid=root.pid))
    if recording.damage is not None:
        gaps.append(Gap(what="recording", because=recording.damage))
    return Observed(
        started_at_unix_s=first.taken_at_unix_s,
        duration_s=last.ended_s - first.started_s,
        looks=len(recording.snapshots),
        processes_seen=len(shown.processes),
        processes_read=sum(map(_was_read, shown.processes)),
        gaps=tuple(gaps),
    )


def _was_read(process: Process) -> bool:
    """Whether the waits of a process, or that it has ended, are known."""
    if process.state == "Z":
        return True
    return any(thread.wait.kind is not WaitKind.UNKNOWN for thread in process.threads)
