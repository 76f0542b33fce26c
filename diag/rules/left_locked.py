"""A lock that somebody waits for, and that nobody seems to be inside of."""

from collections import defaultdict
from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.chain import evidence_of, wait_links, wait_words
from diag.analysis.confirm import confirmed
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.rules.base import Rule

_SHOWN = 4


def _check(case: Case) -> Iterator[Finding]:
    still = confirmed(case.tree, case.second)
    waiters: dict[tuple[int, int | None], list[ThreadId]] = defaultdict(list)
    for thread_id, thread in case.tree.threads.items():
        lock = thread.wait.lock
        if lock is None or not lock.nobody or lock.kind is not LockKind.LOCK:
            continue
        if thread.entering and thread_id in still and thread_id not in case.liveness.likely:
            waiters[thread_id.pid, lock.address].append(thread_id)
    for (pid, _), group in waiters.items():
        if _is_quiet(case, pid, still):
            yield _finding(case, group)


def _is_quiet(case: Case, pid: int, still: frozenset[ThreadId]) -> bool:
    """Whether no thread of Python has run meanwhile: the frames of one that runs may be misread.

    A fork, and tasks that are suspended, have ways of their own to keep a lock.
    """
    process = case.tree.processes[pid]
    if process.forked_without_exec or process.tasks:
        return False
    of_python = [ThreadId(pid, each.tid) for each in process.threads if each.native is None]
    return all(each in still and case.tree.threads[each].stack is not None for each in of_python)


def _finding(case: Case, waiters: list[ThreadId]) -> Finding:
    first = waiters[0]
    links, _ = wait_links(case, waiters, shown=_SHOWN)
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.POSSIBLE,
        title=f"{wait_words(case, first)}, and nobody seems to be inside of it",
        explanation="It waits to enter a `with`, and the lock is taken. No thread is inside of a"
        " `with` on it, nor in a function that acquires or releases anything. So it seems to have"
        " been left locked: by a function that acquired it and was left by an exception, or by a"
        " thread that has ended. A thread that goes on could still release it.",
        advice="Take the lock by `with` wherever it is taken, or release it in a finally block.",
        primary=case.locate(first),
        related=tuple(map(case.locate, waiters[1:])),
        chain=tuple(links),
        evidence=(
            *evidence_of(case, first),
            Evidence(
                text="the frames of all threads of Python were read, and none of them ran for"
                f" {case.apart_s:.1f} s",
                source=Source.READ,
            ),
        ),
    )


RULE = Rule(
    id="left-locked",
    title="A lock seems to have been left locked",
    severity=Severity.WARNING,
    summary="A thread waits to enter a `with` on a plain lock, and no thread is in a function that"
    " holds it or could release it.",
    needs="the target's memory, to read the frames of its threads, and their source",
    check=_check,
)
