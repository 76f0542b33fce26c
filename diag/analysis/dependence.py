"""On whose wait the main thread of the target depends."""

from diag.analysis.case import Case
from diag.model.ids import ThreadId
from diag.model.wait import WaitKind


def end_of_the_wait(case: Case) -> ThreadId | None:
    """Return the thread at the end of the chain of children that the root's main thread waits for.

    It is the main thread itself if that waits for no child, None for a circle.
    """
    root = case.tree.snapshot.root.pid
    at = ThreadId(root, root)
    passed: set[ThreadId] = set()
    while at in case.tree.threads and at not in passed:
        passed.add(at)
        wait = case.tree.threads[at].wait
        if wait.kind is not WaitKind.CHILD or len(wait.children) != 1:
            return at
        at = ThreadId(wait.children[0], wait.children[0])
    return None
