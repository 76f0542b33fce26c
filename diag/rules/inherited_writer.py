"""A pipe that is read to its end, and a live process has it open because a fork copied it."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.chain import evidence_of, wait_link
from diag.analysis.confirm import unmoved
from diag.analysis.dependence import end_of_the_wait
from diag.analysis.inheritance import is_heir
from diag.model.channel import ChannelKind, Holder
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.wait import ChannelWait, WaitKind
from diag.rules.base import Rule


def _check(case: Case) -> Iterator[Finding]:
    thread_id = end_of_the_wait(case)
    root = case.tree.snapshot.root.pid
    if thread_id is None or thread_id.pid == root or thread_id in case.liveness.likely:
        return
    before, after = case.tree.threads[thread_id], case.second.threads.get(thread_id)
    wait = before.wait
    if wait.kind is not WaitKind.READ or wait.timed or wait.unknown or len(wait.channels) != 1:
        return
    heirs = _heirs(case, thread_id.pid, wait.channels[0])
    if heirs and after is not None and unmoved(before, after):
        yield _finding(case, thread_id, heirs)


def _heirs(case: Case, reader: int, item: ChannelWait) -> list[Holder]:
    """Return who has the write end of a pipe open, if all of them seem to be there by a fork."""
    channel = case.tree.channels.get(item.channel)
    if channel is None or channel.kind is not ChannelKind.PIPE or channel.outside is not None:
        return []
    writers = list(channel.writers)
    return writers if all(is_heir(case.tree, reader, each, channel.id) for each in writers) else []


def _finding(case: Case, thread_id: ThreadId, heirs: list[Holder]) -> Finding:
    pids = sorted({heir.pid for heir in heirs})
    named = ", ".join(f"{case.locate_process(pid).process_role} {pid}" for pid in pids)
    first = case.tree.snapshot.root.pid
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.POSSIBLE,
        title=f"{case.name(thread_id)} reads a pipe to its end, and nobody but {named}, forked"
        f" from the same parent, has it open",
        explanation="A reader sees the end of a pipe when nobody has its write end open any more."
        " A fork copies every descriptor: a worker that was started while the pipe was open keeps"
        " it open for as long as it lives, without knowing of it. Unless it is meant to write into"
        " this pipe, the reader waits for the end of that worker.",
        advice="Start workers before such pipes are made, or with the spawn start method, or close"
        " the write end in them. What is started by exec does not get it: close_fds=True, the"
        " default of subprocess.",
        primary=case.locate(ThreadId(first, first)),
        related=tuple(case.locate_process(pid) for pid in (thread_id.pid, *pids)),
        evidence=(
            *evidence_of(case, thread_id),
            *(
                Evidence(
                    text=f"{heir.pid} runs in a copy of its parent's memory and has the write end"
                    f" open as descriptor {heir.fd}; it is in no write to it",
                    source=Source.OBSERVED,
                )
                for heir in heirs
            ),
        ),
        chain=(wait_link(case, ThreadId(first, first)), wait_link(case, thread_id)),
    )


RULE = Rule(
    id="inherited-writer",
    title="A worker that was forked may keep a pipe open",
    severity=Severity.INFO,
    summary="The main thread waits for a child that reads a pipe to its end, and only other"
    " children, forked without exec, have the write end open and are in no write to it.",
    needs="two looks at the waits of every thread, and the descriptors of the tree",
    check=_check,
)
