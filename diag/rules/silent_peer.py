"""A main thread that waits for a party outside of the tree that has long said nothing."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.chain import evidence_of
from diag.analysis.confirm import unmoved
from diag.analysis.dependence import end_of_the_wait
from diag.model.channel import Channel
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.rules.base import Rule

LEAST_S = 10.0


def _check(case: Case) -> Iterator[Finding]:
    thread_id = end_of_the_wait(case)
    if thread_id is None or thread_id in case.liveness.likely:
        return
    before, after = case.tree.threads[thread_id], case.second.threads.get(thread_id)
    if before.wait.timed or after is None or not unmoved(before, after):
        return
    if len(before.wait.channels) != 1:
        return  # a server, which waits for whoever comes
    channel = case.tree.channels.get(before.wait.channels[0].channel)
    peer = case.liveness.wakers[thread_id].outside
    if channel is not None and peer is not None and (channel.heard_s or 0.0) >= LEAST_S:
        yield _finding(case, thread_id, channel, peer)


def _finding(case: Case, thread_id: ThreadId, channel: Channel, peer: str) -> Finding:
    heard_s, said_s = channel.heard_s or 0.0, channel.said_s or 0.0
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.POSSIBLE,
        title=f"{case.name(thread_id)} waits for {peer}: nothing has come from there"
        f" for {heard_s:.0f} s",
        explanation="The wait has no time-out, and the other end is not in the tree: it may be"
        " slow, busy, or gone without a word. Whether it will ever answer cannot be known from this"
        " side. A client that is told of events, as by publish and subscribe, looks the same.",
        advice="Look at the other end. Give the wait a time-out (socket.settimeout, timeout= of the"
        " client library) and switch TCP keep-alive on, so that a peer that has vanished is"
        " noticed.",
        primary=case.locate(thread_id),
        evidence=(
            *evidence_of(case, thread_id),
            Evidence(
                text=f"the kernel received the last data on {channel.name or channel.id}"
                f" {heard_s:.0f} s ago and sent the last {said_s:.0f} s ago (tcp_info)",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="silent-peer",
    title="Nothing has come from the other end for long",
    severity=Severity.INFO,
    summary="The main thread waits without a time-out for data on one TCP connection whose other"
    " end is outside of the tree, and none has come for 10 s or more.",
    needs="two looks at the waits of every thread, and tcp_info of its connections",
    check=_check,
)
