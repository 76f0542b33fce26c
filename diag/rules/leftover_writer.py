"""A pipe that is read to its end, and a process that was left behind still has it open."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.chain import evidence_of
from diag.analysis.confirm import unmoved
from diag.analysis.dependence import end_of_the_wait
from diag.model.channel import ChannelKind, Holder
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.wait import ChannelWait, WaitKind
from diag.rules.base import Rule

_STANDARD_INPUT, _STANDARD_ERROR = 0, 2  # what a process was given, and not made itself
_INIT = 1


def _check(case: Case) -> Iterator[Finding]:
    thread_id = end_of_the_wait(case)
    if thread_id is None or thread_id in case.liveness.likely:
        return
    before, after = case.tree.threads[thread_id], case.second.threads.get(thread_id)
    wait = before.wait
    if wait.kind not in (WaitKind.READ, WaitKind.POLL) or wait.timed or wait.unknown:
        return
    if after is None or not unmoved(before, after):
        return
    left = [_left_behind(case, thread_id.pid, item) for item in wait.channels]
    if left and all(left):
        holders = {holder.pid: holder for each in left for holder in each}
        yield _finding(case, thread_id, list(holders.values()))


def _left_behind(case: Case, reader: int, item: ChannelWait) -> list[Holder]:
    """Return the orphans that alone have the write end of a pipe open, none if there are others."""
    channel = case.tree.channels.get(item.channel)
    if channel is None or channel.kind is not ChannelKind.PIPE or item.direction != "read":
        return []
    if item.fd <= _STANDARD_ERROR or channel.outside is not None:
        return []
    writers = [holder for holder in channel.writers if holder.pid != reader]
    return writers if all(_was_left(case, holder) for holder in writers) else []


def _was_left(case: Case, holder: Holder) -> bool:
    """Whether a process outside of the tree has lost its parent, and only inherited the pipe.

    Init, or a reaper, has it now. What is to write into a pipe on purpose, without being a
    command, has it under another number than standard output or error.
    """
    above = {*case.tree.snapshot.ancestors, _INIT}
    orphan = holder.pid not in case.tree.processes and holder.parent_pid in above
    return orphan and _STANDARD_INPUT < holder.fd <= _STANDARD_ERROR


def _finding(case: Case, thread_id: ThreadId, holders: list[Holder]) -> Finding:
    named = ", ".join(f"process {holder.pid} ({holder.name})" for holder in holders)
    has = "has" if len(holders) == 1 else "have"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{case.name(thread_id)} reads a pipe to its end, and {named}, left behind, still"
        f" {has} it open",
        explanation="A reader sees the end of a pipe when nobody has its write end open any more."
        " A command that starts something in the background and ends leaves its standard output"
        " to that: subprocess.run(capture_output=True), communicate() and read() then wait for a"
        " process that nobody asked for.",
        advice="Start what goes on in the background with its output sent elsewhere"
        " (`command >log 2>&1 &`, stdout=subprocess.DEVNULL), or give the command a file for its"
        " output and wait() for it.",
        primary=case.locate(thread_id),
        evidence=(
            *evidence_of(case, thread_id),
            *(
                Evidence(
                    text=f"process {holder.pid} ({holder.name}) has the write end open as"
                    f" descriptor {holder.fd}; its parent is now {holder.parent_pid}, outside of"
                    " the tree",
                    source=Source.OBSERVED,
                )
                for holder in holders
            ),
        ),
    )


RULE = Rule(
    id="leftover-writer",
    title="A process that was left behind keeps a pipe open",
    severity=Severity.WARNING,
    summary="The main thread reads a pipe of its own making to the end, and only processes outside"
    " of the tree, which have lost their parent, have the write end open, as standard output.",
    needs="two looks at the waits of every thread, and the descriptors of other processes",
    check=_check,
)
