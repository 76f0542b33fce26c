"""A cause in words: link after link, from what can never end to those who wait for it."""

from collections.abc import Iterable

from msgspec.structs import replace

from diag.analysis.candidate_words import candidate_words
from diag.analysis.case import Case
from diag.analysis.completions import Completion, TaskState
from diag.analysis.frames import is_library, place, user_frame
from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.inheritance import inheritance_words
from diag.analysis.natives import harmless_beside
from diag.analysis.owners import Owner, OwnerState
from diag.analysis.starvation import wants_gil
from diag.analysis.task_words import holding_task_words, loop_words
from diag.analysis.words import describe_wait
from diag.model.finding import Evidence, Link, Source
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.wait import Wait, WaitKind

_SHOWN_WORKERS = 4
_SHOWN_EQUALS = 6


def wait_link(case: Case, waiter: ThreadId) -> Link:
    """Return one thread's wait as a link of a chain."""
    thread = case.tree.threads[waiter]
    details = []
    if thread.stack is not None and thread.stack.frames:
        innermost = thread.stack.frames[0]
        details.append(f"in {place(innermost)}")
        own = user_frame(thread.stack)
        if own is not None and own != innermost:
            details.append(f"called from {place(own)}")
    details.extend(loop_words(case, waiter))
    owner = case.liveness.wakers[waiter].owner
    if owner is not None:
        details.extend(owner_words(case, waiter, owner))
    completion = case.liveness.wakers[waiter].completion
    if completion is not None:
        details.append(completion_words(case, completion))
    elif _has_no_pool(case, waiter):
        details.append(
            f"no worker of a pool is in {waiter.pid}: a fork copies a pool without its threads"
        )
    details.extend(inheritance_words(case, waiter))
    return Link(
        text=wait_words(case, waiter),
        source=Source.READ if completion is not None else source_of(thread.wait, owner),
        waiter=case.locate(waiter),
        details=tuple(details),
    )


def _has_no_pool(case: Case, waiter: ThreadId) -> bool:
    """Whether a thread waits for a task in a process that a fork made, without any pool."""
    subject = case.tree.threads[waiter].subject
    process = case.tree.processes[waiter.pid]
    if subject is None or not subject.tasks or not process.forked_without_exec or process.pools:
        return False
    return all(thread.worker is None for thread in process.threads)


def source_of(wait: Wait, owner: Owner | None) -> Source:
    """Return how the parties that could end a wait are known."""
    if wait.kind in (WaitKind.LOCK, WaitKind.SHARED_LOCK):
        if owner is None or owner.state is OwnerState.UNKNOWN:
            return Source.OBSERVED
        return Source.INFERRED if owner.state is OwnerState.CANDIDATE else Source.READ
    return Source.OBSERVED


def wait_words(case: Case, waiter: ThreadId) -> str:
    """Return who waits for what: "worker 2404 waits for an RLock"."""
    tree = case.tree
    wait = describe_wait(
        tree.threads[waiter], tree.processes[waiter.pid], tree.channels, with_owner=False
    )
    return f"{case.name(waiter)} {wait}"


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


def wait_links(case: Case, waiters: Iterable[ThreadId], *, shown: int) -> tuple[list[Link], int]:
    """Return the waits of threads, equal ones as one link, and how many threads these are.

    Args:
        case: with the threads.
        waiters: in the order in which to show them.
        shown: links at most.

    """
    alike: dict[object, list[ThreadId]] = {}
    for waiter in waiters:
        alike.setdefault(_likeness(case, waiter), []).append(waiter)
    told = list(alike.values())[:shown]
    return [_link_of_equals(case, group) for group in told], sum(map(len, told))


def victim_links(case: Case, victims: tuple[ThreadId, ...], *, shown: int = 6) -> list[Link]:
    """Return the waits of victims, the nearest first, equal ones as one, the rest counted.

    Threads that run no code of the user's (a pool's own, idle ones) are counted only.
    """
    users = [victim for victim in victims if runs_user_code(case, victim)]
    links, told = wait_links(case, users, shown=shown)
    rest = len(victims) - told
    if rest > 0:
        threads = "1 more thread waits" if rest == 1 else f"{rest} more threads wait"
        links.append(Link(text=f"{threads} behind these", source=Source.OBSERVED))
    return links


def _likeness(case: Case, waiter: ThreadId) -> object:
    """Return what threads have in common that wait at one place for one party."""
    thread = case.tree.threads[waiter]
    stack = thread.stack.frames if thread.stack is not None else ()
    lock = thread.wait.lock
    channels = tuple(item.channel for item in thread.wait.channels)
    return (
        tuple((frame.file, frame.line, frame.function) for frame in stack),
        thread.wait.kind,
        (lock.address, lock.semaphore and lock.semaphore.key) if lock is not None else None,
        channels,
        case.liveness.wakers[waiter].owner,
    )


def _link_of_equals(case: Case, group: list[ThreadId]) -> Link:
    first, *others = group
    link = wait_link(case, first)
    if not others:
        return link
    ids = [str(other.pid if other.tid == other.pid else other.tid) for other in others]
    some = ", ".join(ids[:_SHOWN_EQUALS]) + (", ..." if len(ids) > _SHOWN_EQUALS else "")
    more = "1 more waits" if len(others) == 1 else f"{len(others)} more wait"
    return replace(link, details=(*link.details, f"{more} just like it: {some}"))


def runs_user_code(case: Case, thread_id: ThreadId) -> bool:
    """Return whether the thread runs code of the user's, or its stack is not known."""
    thread = case.tree.threads[thread_id]
    frame = user_frame(thread.stack)
    return thread.native is None and (frame is None or not is_library(frame))


def evidence_of(case: Case, member: ThreadId) -> list[Evidence]:
    """Return the facts that the judgement of one thread rests on."""
    thread = case.tree.threads[member]
    who = f"thread {member.tid} of {member.pid}"
    if wants_gil(thread):
        text = (
            f"{who} asks for the GIL every 5 ms, and the GIL did not change hands"
            f" for {case.apart_s:.1f} s"
        )
        return [Evidence(text=text, source=Source.READ)]
    blocked = Evidence(
        text=f"{who} is blocked in {thread.wait.syscall or 'its wait'} without a time-out"
        f" and did not run for {case.apart_s:.1f} s (context switches"
        f" {thread.voluntary_switches} + {thread.involuntary_switches}, unchanged)",
        source=Source.OBSERVED,
    )
    lock = thread.wait.lock
    owner = case.liveness.wakers[member].owner
    if lock is not None and owner is not None and owner.task is not None:
        text = (
            f"a suspended task is inside a `with` statement on the lock at {lock.address or 0:#x}"
        )
        return [blocked, Evidence(text=text, source=Source.READ)]
    if lock is None or lock.owner_ident is None:
        return [blocked, *_discounted(case, member)]
    name = lock.type_name or lock.kind.value
    at = f" at {lock.address:#x}" if lock.address is not None else ""
    if lock.owner_source is None:
        text = f"{name}{at} records owner {lock.owner_ident:#x}"
    else:
        text = f"thread {lock.owner_ident:#x} is inside a `with` statement on {name}{at}"
    return [blocked, Evidence(text=text, source=Source.READ)]


def _discounted(case: Case, member: ThreadId) -> list[Evidence]:
    """Return the threads beside it that are there, and cannot release its lock."""
    return [
        Evidence(
            text=f"thread {thread_id.tid} of {thread_id.pid} is {role}",
            source=Source.READ,
        )
        for thread_id, role in harmless_beside(case.tree, member).items()
    ]
