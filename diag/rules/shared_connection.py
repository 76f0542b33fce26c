"""One connection to a database in two processes, after a fork."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.roles import role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.sample import Sample, SharedConnection
from diag.rules.base import Rule


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
        explanation="A fork copies open sockets. What two processes write into one connection is"
        " mixed, each may read the answer to the other's question, and the first that ends may"
        " close the session of both: wrong rows, lost synchronisation, broken TLS.",
        advice="Connect after the fork: in the pool's `initializer`, or on first use in the"
        " worker; dispose of an engine's inherited pool there (SQLAlchemy:"
        ' engine.dispose(close=False)). Or start workers with "spawn".',
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
    title="Processes share a connection to a database",
    severity=Severity.WARNING,
    summary="A parent and its forked children have the same socket to a database open, and a"
    " child has no connection of its own to it.",
    needs="the descriptors of the tree's processes, listed during the look",
    check=_check,
    has_evidence=lambda case: _looked(case) is not None,
)
