"""A cause in words: link after link, from what can never end to those who wait for it."""

from collections.abc import Iterable

from msgspec.structs import replace

from diag.analysis.case import Case
from diag.analysis.frames import is_library, place, user_frame
from diag.analysis.inheritance import inheritance_words
from diag.analysis.natives import harmless_beside
from diag.analysis.owners import Owner, OwnerState
from diag.analysis.party_words import completion_words, owner_words
from diag.analysis.pollers import polling_words
from diag.analysis.starvation import wants_gil
from diag.analysis.task_words import loop_words
from diag.analysis.words import describe_wait
from diag.model.finding import Evidence, Link, Source
from diag.model.ids import ThreadId
from diag.model.wait import Wait, WaitKind

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
    if thread.polling is not None:
        text = (
            f"{who} {polling_words(thread.polling)}, and went on doing so for {case.apart_s:.1f} s"
        )
        return [Evidence(text=text, source=Source.INFERRED)]
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
