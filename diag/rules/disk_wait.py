"""A thread that waits for a device and cannot be interrupted."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.chain import wait_link
from diag.analysis.halted import stays_there
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.wait import WaitKind
from diag.rules.base import Rule

_LEAST_S = 0.9  # shorter waits are common on a busy disk
_SPAWNING = frozenset(("clone", "clone3", "vfork"))
_SPAWN = (
    "vfork(), and posix_spawn() that stands on it, hold the parent in the kernel until the child"
    " has started its program or ended. The child does neither."
)


def _check(case: Case) -> Iterator[Finding]:
    if case.apart_s < _LEAST_S:
        return
    for thread_id, thread in case.tree.threads.items():
        if thread.state == "D" and stays_there(case, thread_id, WaitKind.DISK):
            yield _finding(case, thread_id)


def _finding(case: Case, thread_id: ThreadId) -> Finding:
    thread = case.tree.threads[thread_id]
    call = thread.wait.syscall or "the kernel"
    spawns = call in _SPAWNING
    what = "for its child to start a program" if spawns else f"for a device in {call}"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{case.name(thread_id)} waits {what}, and nothing can interrupt it",
        explanation=_SPAWN
        if spawns
        else "The kernel does not end such a wait before the device or the file server"
        " answers: not for a signal, often not for SIGKILL either. A slow or vanished network file"
        " system, a failing disk, or heavy swapping looks like this.",
        advice="Look at what the child waits for: it stands among the processes of the report."
        if spawns
        else "Look at the mount the file is on (`findmnt`, `nfsstat`), at `dmesg` and at"
        " /proc/pressure/io. Mount network file systems `soft` where an error is better than a"
        " wait.",
        primary=case.locate(thread_id),
        evidence=(
            Evidence(
                text=f"thread {thread_id.tid} of {thread_id.pid} is in state D"
                f" (in {thread.wchan or call}) in both looks and did not run"
                f" for {case.apart_s:.1f} s",
                source=Source.OBSERVED,
            ),
        ),
        chain=(wait_link(case, thread_id),),
    )


RULE = Rule(
    id="disk-wait",
    title="A thread waits for a device",
    severity=Severity.WARNING,
    summary="A thread is in an uninterruptible wait from the first look to the second.",
    needs="two looks at the state of every thread, 0.9 s apart or more",
    check=_check,
)
