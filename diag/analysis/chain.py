"""A cause in words: link after link, from what can never end to those who wait for it."""

from diag.analysis.case import Case
from diag.analysis.frames import place, user_frame
from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.owners import Owner, OwnerState
from diag.analysis.tree import Tree
from diag.model.finding import Evidence, Link, Source
from diag.model.ids import ThreadId
from diag.model.lock import Lock, LockKind
from diag.model.wait import ChannelWait, Wait, WaitKind

_LOCK_NAMES = {
    LockKind.RLOCK: "RLock",
    LockKind.LOCK: "Lock",
    LockKind.SIMPLE_QUEUE: "SimpleQueue",
    LockKind.MUTEX: "native mutex",
    LockKind.GIL: "GIL",
    LockKind.JOIN: "end of a thread",
}
_IDIOM_WORDS = {
    Idiom.EVENT: "an Event to be set",
    Idiom.CONDITION: "a Condition to be notified",
    Idiom.FUTURE: "the result of a Future",
    Idiom.QUEUE_GET: "an item from a queue",
    Idiom.QUEUE_PUT: "room in a queue",
    Idiom.QUEUE_JOIN: "the items of a queue to be marked done",
    Idiom.SEMAPHORE: "a Semaphore",
    Idiom.BARRIER: "the other parties of a Barrier",
    Idiom.JOIN: "a thread to end",
    Idiom.IMPORT: "the lock of a module that is being imported",
}


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
    owner = case.liveness.wakers[waiter].owner
    if owner is not None:
        details.extend(owner_words(case, waiter, owner))
    return Link(
        text=f"{case.name(waiter)} waits for {object_words(case.tree, waiter)}",
        source=source_of(thread.wait, owner),
        waiter=case.locate(waiter),
        details=tuple(details),
    )


def source_of(wait: Wait, owner: Owner | None) -> Source:
    """Return how the parties that could end a wait are known."""
    if wait.kind in (WaitKind.LOCK, WaitKind.SHARED_LOCK):
        known = owner is not None and owner.state is not OwnerState.UNKNOWN
        return Source.READ if known else Source.OBSERVED
    return Source.OBSERVED


def object_words(tree: Tree, waiter: ThreadId) -> str:
    """Return what a thread waits for, in words that follow "waits for"."""
    thread = tree.threads[waiter]
    wait = thread.wait
    match wait.kind:
        case WaitKind.LOCK | WaitKind.SHARED_LOCK:
            return _lock_words(wait.lock, idiom_of(thread.stack))
        case WaitKind.CHILD:
            children = " or ".join(map(str, wait.children)) or "any child"
            return f"the exit of {children}"
        case WaitKind.READ | WaitKind.WRITE | WaitKind.POLL:
            return _channels_words(tree, wait)
        case WaitKind.FILE_LOCK:
            return f"the file lock held by {', '.join(map(str, wait.holders))}"
    return wait.kind.value


def _lock_words(lock: Lock | None, idiom: Idiom) -> str:
    if idiom in _IDIOM_WORDS and (lock is None or lock.kind in (LockKind.LOCK, LockKind.UNKNOWN)):
        return _IDIOM_WORDS[idiom]
    if lock is None:
        return "a lock"
    if lock.kind is LockKind.BUFFER:
        return f"the lock inside <{lock.type_name}>{_at(lock)}"
    if lock.kind is LockKind.SEMAPHORE and lock.semaphore is not None:
        recursive = "RLock" if lock.semaphore.recursive else "Lock"
        name = recursive if lock.semaphore.max_value == 1 else "semaphore"
        return f"a multiprocessing {name}{_at(lock)}"
    if lock.kind is LockKind.SIMPLE_QUEUE:
        return f"an item from <{lock.type_name}>{_at(lock)}"
    if lock.kind is LockKind.JOIN:
        return "a thread to end"
    name = _LOCK_NAMES.get(lock.kind) or f"lock of <{lock.type_name or 'unknown'}>"
    return f"the {name}{_at(lock)}"


def _at(lock: Lock) -> str:
    return f" at {lock.address:#x}" if lock.address is not None else ""


def _channels_words(tree: Tree, wait: Wait) -> str:
    described = [_channel_words(tree, item) for item in wait.channels[:3]]
    more = len(wait.channels) - len(described)
    if more > 0:
        described.append(f"{more} more")
    return " or ".join(described) or "nothing at all"


def _channel_words(tree: Tree, item: ChannelWait) -> str:
    channel = tree.channels.get(item.channel)
    name = (channel.name if channel else None) or item.channel
    if item.direction == "write":
        return f"room in the full {name} (fd {item.fd})"
    return f"data on {name} (fd {item.fd})"


def owner_words(case: Case, waiter: ThreadId, owner: Owner) -> list[str]:
    """Return what is known of a lock's owner, a line each."""
    match owner.state:
        case OwnerState.THREAD if owner.thread is not None:
            if owner.thread == waiter:
                return ["its owner is this very thread"]
            return [f"its owner is {case.name(owner.thread)}"]
        case OwnerState.AMBIGUOUS if owner.thread is not None:
            other = "or a thread of the parent that had the same id when it was forked"
            return [f"its owner is {case.name(owner.thread)}, {other}"]
        case OwnerState.GONE:
            return _gone_words(case, waiter, owner)
    return [f"its owner is not known: {owner.because}"] if owner.because else []


def _gone_words(case: Case, waiter: ThreadId, owner: Owner) -> list[str]:
    last = f"no thread of {waiter.pid} can release it"
    if owner.parent is None:
        return ["the thread that owns it has ended without releasing it", last]
    if owner.parent_thread is None:
        culprit = f"a thread of parent {owner.parent} that has ended since"
    else:
        culprit = _parent_thread_words(case, owner.parent_thread)
    age = _age(case, waiter.pid)
    return [f"its owner is {culprit}, which held it when {waiter.pid} was forked{age}", last]


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


def victim_links(case: Case, victims: tuple[ThreadId, ...], *, shown: int = 6) -> list[Link]:
    """Return the waits of victims, the nearest first, with the rest counted."""
    links = [wait_link(case, victim) for victim in victims[:shown]]
    rest = len(victims) - len(links)
    if rest > 0:
        links.append(Link(text=f"{rest} more threads wait behind these", source=Source.OBSERVED))
    return links


def evidence_of(case: Case, member: ThreadId) -> list[Evidence]:
    """Return the facts that the judgement of one thread rests on."""
    thread = case.tree.threads[member]
    facts = []
    call = thread.wait.syscall or "its wait"
    facts.append(
        Evidence(
            text=f"thread {member.tid} of {member.pid} is blocked in {call} without a time-out"
            f" and did not run for {case.apart_s:.1f} s (context switches"
            f" {thread.voluntary_switches} + {thread.involuntary_switches}, unchanged)",
            source=Source.OBSERVED,
        )
    )
    lock = thread.wait.lock
    if lock is not None and lock.owner_ident is not None:
        facts.append(
            Evidence(
                text=f"{lock.type_name or lock.kind.value}{_at(lock)} records owner"
                f" {lock.owner_ident:#x}",
                source=Source.READ,
            )
        )
    return facts
