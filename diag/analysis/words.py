"""Waits, locks and channels in words: one short line each, for people."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from diag.analysis.owner_descriptions import capped, describe_owner
from diag.analysis.purposes import name_of, purpose_of, with_names
from diag.model.channel import Channel, ChannelKind, Holder
from diag.model.lock import Lock, LockKind, Semaphore
from diag.model.process import Process
from diag.model.subject import Subject, SubjectKind
from diag.model.thread import Thread
from diag.model.wait import ChannelWait, Wait, WaitKind

_FIXED = {
    WaitKind.RUNNING: "runs",
    WaitKind.SIGNAL: "waits for a signal",
    WaitKind.STOPPED: "is stopped by a signal; SIGCONT lets it go on",
    WaitKind.FROZEN: "is frozen with its control group",
    WaitKind.EXITED: "has exited",
    WaitKind.OPEN: "opens a FIFO whose other end nobody has open",
}
_VERBS = {
    WaitKind.READ: "reads",
    WaitKind.WRITE: "writes to",
    WaitKind.POLL: "polls",
    WaitKind.ACCEPT: "waits for a connection on",
    WaitKind.CONNECT: "connects",
}
_NAMED = {
    LockKind.LOCK: ("", "Lock"),
    LockKind.RLOCK: ("", "RLock"),
    LockKind.SIMPLE_QUEUE: ("an item of ", "SimpleQueue"),
}
_LOCK_NAMES = {
    LockKind.LOCK: "a Lock",
    LockKind.RLOCK: "an RLock",
    LockKind.SIMPLE_QUEUE: "an item of a SimpleQueue",
    LockKind.JOIN: "the end of a thread",
    LockKind.MUTEX: "a native mutex",
    LockKind.GIL: "the GIL",
    LockKind.UNKNOWN: "a lock",
}


class Scene(NamedTuple):
    """What the words for one wait are chosen from.

    Attributes:
        wait: the wait.
        thread: who waits.
        process: the process of the thread.
        channels: by id, as in the snapshot.
        with_owner: whether to add what a lock records of its owner.

    """

    wait: Wait
    thread: Thread
    process: Process
    channels: Mapping[str, Channel]
    with_owner: bool


def describe_wait(
    thread: Thread,
    process: Process,
    channels: Mapping[str, Channel],
    *,
    with_owner: bool = True,
) -> str:
    """Say what a thread of `process` waits for, or that it runs.

    `channels` are those of the snapshot, by id; those it lacks are named by id alone.
    Without `with_owner` the lock is named and not who holds it.
    """
    scene = Scene(thread.wait, thread, process, channels, with_owner)
    kind = thread.wait.kind
    words = _role(thread) or _FIXED.get(kind) or _DESCRIBERS[kind](scene)
    words += _deadline(scene) + _polling(scene) + _event_loop(scene)
    if thread.wait.unknown is not None:
        words += f" (not fully understood: {thread.wait.unknown})"
    return words


def _role(thread: Thread) -> str | None:
    """Say what a thread that runs no Python is there for, where that is known."""
    return f"is {thread.native.role}" if thread.native and thread.native.role else None


def describe_lock(lock: Lock) -> str:
    """Name the lock object: "an RLock", "the lock of a _io.BufferedWriter"."""
    if lock.kind is LockKind.BUFFER:
        return f"the lock of a {lock.type_name or 'buffered file'}"
    if lock.kind is LockKind.SEMAPHORE:
        return _semaphore_name(lock.semaphore)
    return _LOCK_NAMES[lock.kind]


def describe_channel(channel: Channel) -> str:
    """Name a channel: its path, address or peer where it has one, and its id."""
    if channel.kind is ChannelKind.TERMINAL:
        return f"the terminal {channel.name or ''}".rstrip()
    return f"{channel.id} ({channel.name})" if channel.name else channel.id


def _sleep(scene: Scene) -> str:
    return "sleeps" if scene.wait.timed else f"sleeps in {scene.wait.syscall or 'the kernel'}"


def _lock(scene: Scene) -> str:
    lock = scene.wait.lock
    purpose = purpose_of(scene.thread)
    if lock is None:
        return f"waits for {purpose or 'a lock'}"
    subject = scene.thread.subject
    inner = lock.semaphore is not None and lock.semaphore.max_value == 1
    plain = lock.kind in (LockKind.LOCK, LockKind.UNKNOWN)
    plain = plain or (subject is not None and _is_told_apart(subject) and not inner)
    words = f"waits for {purpose if plain and purpose else _with_names(lock, subject)}"
    if inner and subject is not None and subject.kind is not SubjectKind.LOCK:
        words += f" inside {name_of(subject)}"
    owner = describe_owner(lock, scene.process) if scene.with_owner else None
    return f"{words}; {owner}" if owner and not (plain and purpose) else words


def _is_told_apart(subject: Subject) -> bool:
    """Whether it is known for what a semaphore between processes is waited for."""
    return subject.shared or subject.kind is SubjectKind.BARRIER


def _with_names(lock: Lock, subject: Subject | None) -> str:
    if subject is not None and subject.shared and subject.kind is SubjectKind.LOCK:
        return with_names(describe_lock(lock).partition(" ")[2], subject)
    if subject is None or subject.address != lock.address or lock.kind not in _NAMED:
        return describe_lock(lock)
    before, noun = _NAMED[lock.kind]
    return before + with_names(noun, subject)


def _shared_lock(scene: Scene) -> str:
    if scene.wait.lock is None:
        return "waits for a lock in memory shared between processes"
    return _lock(scene)


def _channels(scene: Scene) -> str:
    subject = scene.thread.subject
    purpose = purpose_of(scene.thread)
    if subject is None or not subject.shared or purpose is None:
        return _ends(scene)
    return f"waits for {purpose}: {_ends(scene)}"


def _ends(scene: Scene) -> str:
    verb = _VERBS[scene.wait.kind]
    waits = scene.wait.channels
    if not waits:
        return f"{verb} no descriptor that could be told"
    if len(waits) == 1:
        return f"{verb} {_end(waits[0], scene, with_holders=True)}"
    ends = [_end(each, scene, with_holders=False) for each in waits]
    return f"{verb} {len(waits)} descriptors: {capped(ends)}"


def _end(waited: ChannelWait, scene: Scene, *, with_holders: bool) -> str:
    channel = scene.channels.get(waited.channel)
    name = describe_channel(channel) if channel else waited.channel
    words = f"{name}, fd {waited.fd}"
    if channel is None or not with_holders:
        return words
    if channel.kind is ChannelKind.PIDFD:
        return f"{words}: the exit of {channel.pid}"
    others = _others(channel, waited.direction, scene.process.pid)
    return f"{words}; {others}" if others else words


def _others(channel: Channel, direction: str, pid: int) -> str:
    holders = channel.writers if direction == "read" else channel.readers
    end = _end_name(channel.kind, direction)
    said = []
    if holders:
        said.append(f"{end} held by {_pids(holders, pid)}")
    elif channel.outside is None and channel.uncertain is None and end:
        said.append(f"nobody holds the {end}")
    if channel.outside is not None:
        said.append(f"{channel.outside} can end it")
    if channel.heard_s is not None:
        said.append(f"nothing has come for {channel.heard_s:.0f} s")
    if channel.uncertain is not None:
        said.append(f"maybe more: {channel.uncertain}")
    return ", ".join(said)


def _end_name(kind: ChannelKind, direction: str) -> str:
    match kind:
        case ChannelKind.PIPE:
            return "write end" if direction == "read" else "read end"
        case ChannelKind.UNIX_SOCKET | ChannelKind.TCP_SOCKET | ChannelKind.SOCKET:
            return "other end"
        case ChannelKind.EVENTFD:
            return "counter"
        case ChannelKind.TERMINAL:
            return "other side"
        case _:
            return ""


def _child(scene: Scene) -> str:
    if scene.wait.any_child or not scene.wait.children:
        return "waits for the exit of any child"
    return f"waits for the exit of {capped([str(pid) for pid in scene.wait.children])}"


def _file_lock(scene: Scene) -> str:
    file = (
        f" on {_end(scene.wait.channels[0], scene, with_holders=False)}"
        if (scene.wait.channels)
        else ""
    )
    if not scene.wait.holders:
        return f"waits for a file lock{file}; holder unknown"
    return f"waits for a file lock{file}; held by {capped([str(p) for p in scene.wait.holders])}"


def _disk(scene: Scene) -> str:
    where = scene.wait.syscall or scene.thread.wchan
    return "waits for a device, uninterruptible" + (f" (in {where})" if where else "")


def _traced(scene: Scene) -> str:
    tracer = scene.process.traced_by
    return "is stopped by a tracer" + (f", {tracer}" if tracer else "")


def _unknown(scene: Scene) -> str:
    where = scene.wait.syscall or scene.thread.wchan
    return f"waits in {where}" if where else "waits for something unknown"


_DESCRIBERS: dict[WaitKind, Callable[[Scene], str]] = {
    WaitKind.SLEEP: _sleep,
    WaitKind.LOCK: _lock,
    WaitKind.SHARED_LOCK: _shared_lock,
    **dict.fromkeys(_VERBS, _channels),
    WaitKind.CHILD: _child,
    WaitKind.FILE_LOCK: _file_lock,
    WaitKind.DISK: _disk,
    WaitKind.TRACED: _traced,
    WaitKind.UNKNOWN: _unknown,
}


def _polling(scene: Scene) -> str:
    polling = scene.thread.polling
    if polling is None or polling.condition is None:
        return ""
    return f"; looks again and again at `{polling.condition}`"


def _event_loop(scene: Scene) -> str:
    loop = scene.thread.loop
    if loop is None:
        return ""
    count = sum(task.loop == loop.address for task in scene.process.tasks)
    tasks = "1 unfinished task" if count == 1 else f"{count} unfinished tasks"
    return f"; event loop with {tasks}"


def _deadline(scene: Scene) -> str:
    wait = scene.wait
    if not wait.timed:
        return ""
    if wait.deadline_s is None:
        return "" if wait.kind is WaitKind.SLEEP else ", with a time-out"
    left_s = max(wait.deadline_s - scene.thread.read_at_s, 0.0)
    return f", {left_s:.1f} s left" if left_s >= 0.1 else ", nearly over"


def _semaphore_name(semaphore: Semaphore | None) -> str:
    if semaphore is None:
        return "a multiprocessing lock"
    if semaphore.max_value == 1:
        return f"a multiprocessing {'RLock' if semaphore.recursive else 'Lock'}"
    return "a multiprocessing Semaphore"


def _pids(holders: Sequence[Holder], own: int) -> str:
    pids = sorted({holder.pid for holder in holders})
    if pids == [own]:
        return "itself alone"
    return capped([str(pid) for pid in pids])
