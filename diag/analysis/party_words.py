"""Who could end a wait, in words: the owner of a lock, or who completes a task."""

from diag.analysis.candidate_words import candidate_words
from diag.analysis.case import Case
from diag.analysis.completions import Completion, TaskState
from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.owners import Owner, OwnerState
from diag.analysis.task_words import holding_task_words
from diag.model.ids import ThreadId
from diag.model.lock import LockKind

_SHOWN_WORKERS = 4


def owner_words(case: Case, waiter: ThreadId, owner: Owner) -> list[str]:
    """Return what is known of a lock's owner, a line each."""
    match owner.state:
        case OwnerState.THREAD if owner.thread is not None:
            if _is_join(case, waiter):
                return [f"that thread is {case.name(owner.thread)}"]
            own = owner.thread == waiter
            words = f"its owner is {'this very thread' if own else case.name(owner.thread)}"
            return [words + holding_task_words(case, owner)]
        case OwnerState.AMBIGUOUS if owner.thread is not None:
            other = "or a thread of the parent that had the same id when it was forked"
            return [f"its owner is {case.name(owner.thread)}, {other}"]
        case OwnerState.PROBABLE if owner.thread is not None:
            other = "or a thread that had the same id and ended without releasing it"
            return [f"its owner is {case.name(owner.thread)}, {other}"]
        case OwnerState.GONE:
            return _gone_words(case, waiter, owner)
        case OwnerState.CANDIDATE:
            return candidate_words(case, waiter)
    copied = _parent_copy_words(case, waiter)
    if copied:
        return copied
    purpose_is_known = idiom_of(case.tree.threads[waiter].stack) is not Idiom.LOCK
    if purpose_is_known or owner.because is None:
        return []
    return [f"its owner is not known: {owner.because}"]


def completion_words(case: Case, completion: Completion) -> str:
    """Return who completes what a thread waits for, in one line."""
    pool = completion.pools[0].kind.value if len(completion.pools) == 1 else "its pools"
    match completion.state:
        case TaskState.RUNNING:
            return f"its task is run by {_some(case, completion)}"
        case TaskState.QUEUED:
            busy = len(completion.threads)
            staff = f"whose {busy} workers are all" if busy > 1 else "whose only worker is"
            return f"its task is in the queue of {pool}, {staff} busy"
        case TaskState.UNTAKEN:
            return f"its result is not taken: the thread of {pool} that takes results has ended"
    return f"its task is lost: {pool} waits for the result, and no worker has the task"


def _some(case: Case, completion: Completion) -> str:
    names = [case.name(thread_id) for thread_id in sorted(completion.threads)]
    more = len(names) - _SHOWN_WORKERS
    return ", ".join(names[:_SHOWN_WORKERS]) + (f" and {more} more" if more > 0 else "")


def _is_join(case: Case, waiter: ThreadId) -> bool:
    thread = case.tree.threads[waiter]
    lock = thread.wait.lock
    return (lock is not None and lock.kind is LockKind.JOIN) or idiom_of(thread.stack) is Idiom.JOIN


def _gone_words(case: Case, waiter: ThreadId, owner: Owner) -> list[str]:
    if owner.ident is None:
        return [owner.because or "its owner does not exist"]
    last = f"no thread of {waiter.pid} can release it"
    if owner.parent is None:
        return ["the thread that owns it has ended without releasing it", last]
    if owner.parent_thread is None:
        culprit = f"a thread of parent {owner.parent} that has ended since"
    else:
        culprit = _parent_thread_words(case, owner.parent_thread)
    age = _age(case, waiter.pid)
    return [f"its owner is {culprit}, which held it when {waiter.pid} was forked{age}", last]


def _parent_copy_words(case: Case, waiter: ThreadId) -> list[str]:
    """Say what the parent has at the place of a lock that a child has locked since the fork."""
    lock = case.tree.threads[waiter].wait.lock
    copy = lock.parent_copy if lock is not None else None
    if copy is None or idiom_of(case.tree.threads[waiter].stack) is not Idiom.LOCK:
        return []
    if copy.holder_ident is not None:
        holder = _thread_with_ident(case, copy.pid, copy.holder_ident)
        if holder is not None:
            name = _parent_thread_words(case, holder)
            inside = f"in the parent {name} is inside a `with` on the same lock"
            return [f"{inside}: it seems to have held it when {waiter.pid} was forked"]
    if copy.locked is None:
        return [f"the parent {copy.pid} has something else in the place of this lock by now"]
    if copy.locked:
        return [f"in the parent {copy.pid} the same lock is locked, too"]
    since = f"it was released there since {waiter.pid} was forked, or taken in {waiter.pid} itself"
    return [f"in the parent {copy.pid} the same lock is free: {since}"]


def _thread_with_ident(case: Case, pid: int, ident: int) -> ThreadId | None:
    for process in (*case.tree.snapshot.processes, *case.tree.snapshot.context):
        for thread in process.threads:
            if process.pid == pid and thread.ident == ident:
                return ThreadId(pid, thread.tid)
    return None


def _parent_thread_words(case: Case, owner: ThreadId) -> str:
    if owner in case.tree.threads:
        return case.name(owner)
    for process in case.tree.snapshot.context:
        for thread in process.threads:
            if (process.pid, thread.tid) == owner:
                name = (thread.stack.thread_name if thread.stack else None) or thread.name
                return f'thread "{name}" of parent {process.pid}'
    return f"thread {owner.tid} of parent {owner.pid}"


def _age(case: Case, pid: int) -> str:
    started_s = case.tree.processes[pid].id.start_ticks / case.host.clock_ticks_per_s
    age_s = case.tree.snapshot.started_s - started_s
    return f" {age_s:.0f} s ago" if age_s >= 0 else ""
