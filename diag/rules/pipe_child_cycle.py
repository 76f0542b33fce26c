"""A parent and a child that wait for each other through a pipe."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.chain import runs_user_code
from diag.model.finding import Finding, Severity
from diag.model.ids import ThreadId
from diag.model.wait import WaitKind
from diag.rules.base import Rule
from diag.rules.deadlock import Deadlock, common_fields, deadlocks


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.PIPE_CHILD_CYCLE):
        fields = common_fields(case, deadlock) | {"primary": case.locate(_guilty(case, deadlock))}
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            title=_title(case, deadlock),
            explanation="A pipe holds 64 KiB. Whoever writes more blocks until somebody reads,"
            " and here the only readers wait, in turn, for the writer.",
            advice="Read before you wait: Popen.communicate() instead of wait(), drain a"
            " multiprocessing.Queue before joining its producers, read stdout and stderr together,"
            " or send the output to a file.",
            **fields,
        )


def _writers(case: Case, deadlock: Deadlock) -> list[ThreadId]:
    threads = case.tree.threads
    return [m for m in deadlock.members if threads[m].wait.kind is WaitKind.WRITE]


def _guilty(case: Case, deadlock: Deadlock) -> ThreadId:
    """Return the one that waits without reading: that is where the fix goes."""
    threads = case.tree.threads
    waiting = [m for m in deadlock.members if threads[m].wait.kind is WaitKind.CHILD]
    writers = _writers(case, deadlock)
    others = [m for m in deadlock.members if m not in writers]
    own = [m for m in (*waiting, *others) if runs_user_code(case, m)]
    return (own or waiting or others or writers)[0]


def _title(case: Case, deadlock: Deadlock) -> str:
    guilty = _guilty(case, deadlock)
    writers = [writer for writer in _writers(case, deadlock) if writer.pid != guilty.pid]
    if not writers:
        return f"{case.name(guilty)} and its children wait for each other"
    return (
        f"{case.name(guilty)} waits for {case.name(writers[0])},"
        " which waits for it to read a full pipe"
    )


RULE = Rule(
    id="pipe-child-cycle",
    title="Parent and child wait for each other through a pipe",
    severity=Severity.ERROR,
    summary="A process is blocked on a full pipe whose readers all wait for that process.",
    needs="the descriptors of the tree",
    check=_check,
)
