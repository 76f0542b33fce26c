"""One connection in two processes, after a fork."""

from collections import defaultdict
from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.roles import role_of
from diag.model.channel import Channel, ChannelKind
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.sample import Sample, SharedConnection
from diag.model.wait import WaitKind
from diag.rules.base import Rule

_MIXED = (
    "A fork copies open sockets. What two processes write into one connection is mixed, each may"
    " read the answer to the other's question, and the first that ends may close the session of"
    " both: wrong rows, lost synchronisation, broken TLS, answers that never come."
)
_APART = (
    "Connect after the fork: in the pool's `initializer`, or on first use in the worker; dispose of"
    " what was inherited there (SQLAlchemy: engine.dispose(close=False); requests: a new Session)."
    ' Or start workers with "spawn".'
)


def _looked(case: Case) -> Sample | None:
    return next((each for each in case.samples if each.connections is not None), None)


def _check(case: Case) -> Iterator[Finding]:
    sample = _looked(case)
    for shared in (sample.connections or ()) if sample else ():
        pids = [pid for pid in shared.pids if pid in case.tree.processes]
        parents = [pid for pid in pids if case.tree.processes[pid].parent_pid not in pids]
        # A child with a connection of its own only forgot to close the inherited one.
        heirs = [pid for pid in pids if pid not in parents and pid not in shared.also_own]
        if len(pids) < 2 or not (heirs or len(parents) > 1):
            continue
        yield _finding(case, shared, pids, heirs or parents)
    told = {f"socket:[{each.inode}]" for each in (sample.connections or ())} if sample else set()
    for channel, readers in _read_by_several(case).items():
        if channel not in told:
            yield _of_readers(case, case.tree.channels[channel], readers)


def _read_by_several(case: Case) -> dict[str, list[ThreadId]]:
    """Return the TCP connections that threads of a process and of a fork of it both read."""
    found: dict[str, dict[int, ThreadId]] = defaultdict(dict)
    for thread_id, thread in case.tree.threads.items():
        later = case.second.threads.get(thread_id)
        if thread.wait.kind is not WaitKind.READ or later is None:
            continue
        for item in thread.wait.channels:
            channel = case.tree.channels.get(item.channel)
            if channel is None or channel.kind is not ChannelKind.TCP_SOCKET:
                continue
            if later.wait.channels == thread.wait.channels:
                found[channel.id].setdefault(thread_id.pid, thread_id)
    return {
        channel: list(readers.values())
        for channel, readers in found.items()
        if len(readers) > 1 and any(case.tree.processes[pid].forked_without_exec for pid in readers)
    }


def _of_readers(case: Case, channel: Channel, readers: list[ThreadId]) -> Finding:
    heirs = [each for each in readers if case.tree.processes[each.pid].parent_pid in _pids(readers)]
    first = (heirs or readers)[0]
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN,
        title=f"{len(readers)} processes read from one connection, {channel.name or channel.id}",
        explanation=_MIXED,
        advice=_APART,
        primary=case.locate(first),
        related=tuple(case.locate(each) for each in readers if each != first),
        evidence=tuple(
            Evidence(text=f"{case.name(each)} reads {channel.id}", source=Source.OBSERVED)
            for each in readers
        ),
    )


def _pids(threads: list[ThreadId]) -> set[int]:
    return {each.pid for each in threads}


def _finding(case: Case, shared: SharedConnection, pids: list[int], heirs: list[int]) -> Finding:
    using = [pid for pid in heirs if _waits_on(case, pid, shared.inode)]
    evidence = [
        Evidence(
            text=f"socket:[{shared.inode}] to {shared.server} is open in "
            + ", ".join(f"{role_of(case.tree, pid)} {pid}" for pid in pids),
            source=Source.OBSERVED,
        ),
        Evidence(
            text=", ".join(map(str, heirs)) + " has no connection of its own to that server",
            source=Source.OBSERVED,
        ),
    ]
    evidence += [
        Evidence(text=f"{pid} waits for an answer on it now", source=Source.OBSERVED)
        for pid in using
    ]
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.PROVEN if using else Confidence.LIKELY,
        title=f"{len(pids)} processes share one connection to {shared.server}",
        explanation=_MIXED,
        advice=_APART,
        primary=case.locate_process((using or heirs)[0]),
        related=tuple(case.locate_process(pid) for pid in pids if pid != (using or heirs)[0]),
        evidence=tuple(evidence),
    )


def _waits_on(case: Case, pid: int, inode: int) -> bool:
    channel = f"socket:[{inode}]"
    return any(
        item.channel == channel
        for thread in case.tree.threads_of[pid]
        for item in case.tree.threads[thread].wait.channels
    )


RULE = Rule(
    id="shared-connection",
    title="Processes share a connection",
    severity=Severity.WARNING,
    summary="A parent and its forked children have the same socket to a database open, and a"
    " child has no connection of its own to it; or they read from the same TCP connection.",
    needs="the descriptors of the tree's processes, listed during the look",
    check=_check,
    has_evidence=lambda case: _looked(case) is not None or bool(_read_by_several(case)),
)
