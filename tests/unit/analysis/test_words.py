"""Every kind of wait has words, and no words say more than is known."""

import msgspec
import pytest

from diag.analysis.words import describe_wait
from diag.model.channel import Channel, ChannelKind, Holder
from diag.model.ids import ProcessId
from diag.model.lock import Candidate, Lock, LockKind, Semaphore, SemaphoreHolder
from diag.model.native import Native
from diag.model.process import Process
from diag.model.stack import Frame, Stack
from diag.model.thread import Thread
from diag.model.wait import ChannelWait, Wait, WaitKind
from tests.unit import world

PIPE = Channel(id="pipe:[123]", kind=ChannelKind.PIPE, writers=(Holder(pid=2402, fd=6),))
STDLIB = "/usr/lib/python3.12/"


def waiting(wait: Wait, *frames: Frame) -> Thread:
    stack = Stack(frames=frames, ident=1, thread_name="MainThread") if frames else None
    return Thread(
        tid=10, name="py", state="S", start_ticks=1, wait=wait, read_at_s=100.0, stack=stack
    )


def words(wait: Wait, *frames: Frame, channels: tuple[Channel, ...] = (PIPE,)) -> str:
    other = Thread(
        tid=11,
        name="py",
        state="S",
        start_ticks=1,
        ident=0xBEEF,
        wait=Wait(kind=WaitKind.RUNNING),
        stack=Stack(frames=(), ident=0xBEEF, thread_name="chatter"),
    )
    thread = waiting(wait, *frames)
    process = Process(
        id=ProcessId(pid=10, start_ticks=1),
        parent_pid=1,
        name="py",
        state="S",
        threads=(thread, other),
        traced_by=77,
    )
    return describe_wait(thread, process, {channel.id: channel for channel in channels})


def on(kind: WaitKind, channel: str = "pipe:[123]", direction: str = "read") -> Wait:
    waited = ChannelWait(fd=5, channel=channel, direction=direction)  # type: ignore[arg-type]
    return Wait(kind=kind, channels=(waited,))


def lock(kind: LockKind = LockKind.RLOCK, **more: object) -> Wait:
    return Wait(kind=WaitKind.LOCK, lock=Lock(kind=kind, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", WaitKind)
def test_every_kind_has_words_even_when_nothing_else_is_known(kind: WaitKind) -> None:
    text = words(Wait(kind=kind))
    assert text.split()[0] in {
        "runs",
        "sleeps",
        "waits",
        "reads",
        "writes",
        "polls",
        "connects",
    } | {
        "is",
        "has",
        "opens",
    }


@pytest.mark.parametrize("kind", LockKind)
def test_every_kind_of_lock_has_a_name(kind: LockKind) -> None:
    assert words(lock(kind)).startswith(("waits for a", "waits for the"))


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (Wait(kind=WaitKind.SLEEP, timed=True, deadline_s=103.2), "sleeps, 3.2 s left"),
        (Wait(kind=WaitKind.SLEEP, timed=True, deadline_s=99.0), "sleeps, nearly over"),
        (Wait(kind=WaitKind.SLEEP, timed=True), "sleeps"),
        (Wait(kind=WaitKind.LOCK, timed=True), "waits for a lock, with a time-out"),
        (Wait(kind=WaitKind.CHILD, any_child=True), "waits for the exit of any child"),
        (Wait(kind=WaitKind.CHILD, children=(3, 4)), "waits for the exit of 3, 4"),
        (Wait(kind=WaitKind.FILE_LOCK, holders=(7,)), "waits for a file lock; held by 7"),
        (Wait(kind=WaitKind.FILE_LOCK), "waits for a file lock; holder unknown"),
        (Wait(kind=WaitKind.TRACED), "is stopped by a tracer, 77"),
        (
            Wait(kind=WaitKind.UNKNOWN, syscall="bpf", unknown="unknown call"),
            "waits in bpf (not fully understood: unknown call)",
        ),
        (on(WaitKind.READ), "reads pipe:[123], fd 5; write end held by 2402"),
        (on(WaitKind.READ, "pipe:[9]"), "reads pipe:[9], fd 5"),
        (lock(owner_ident=0xBEEF), 'waits for an RLock; held by "chatter" (tid 11)'),
        (
            lock(owner_ident=0xDEAD),
            "waits for an RLock; held by 0xdead, which is no thread known there",
        ),
        (lock(LockKind.MUTEX, owner_tid=12), "waits for a native mutex; held by thread 12"),
        (
            lock(LockKind.LOCK, owner_unknown="not on a stack"),
            "waits for a Lock; owner unknown: not on a stack",
        ),
        (
            lock(LockKind.BUFFER, type_name="_io.BufferedWriter", owner_ident=0xBEEF),
            'waits for the lock of a _io.BufferedWriter; held by "chatter" (tid 11)',
        ),
    ],
)
def test_words(wait: Wait, expected: str) -> None:
    assert words(wait) == expected


@pytest.mark.parametrize(
    ("channel", "direction", "expected"),
    [
        (Channel(id="c", kind=ChannelKind.PIPE), "read", "; nobody holds the write end"),
        (
            Channel(id="c", kind=ChannelKind.PIPE, readers=(Holder(pid=10, fd=1),)),
            "write",
            "; read end held by itself alone",
        ),
        (
            Channel(id="c", kind=ChannelKind.PIPE, uncertain="3 was not readable"),
            "read",
            "; maybe more: 3 was not readable",
        ),
        (
            Channel(id="c", kind=ChannelKind.TCP_SOCKET, outside="10.0.0.1:5432"),
            "read",
            "; 10.0.0.1:5432 can end it",
        ),
        (Channel(id="c", kind=ChannelKind.PIDFD, pid=33), "read", ": the exit of 33"),
        (
            Channel(
                id="c",
                kind=ChannelKind.UNIX_SOCKET,
                writers=tuple(Holder(pid=pid, fd=1) for pid in range(1, 7)),
            ),
            "read",
            "; other end held by 1, 2, 3, 4 and 2 more",
        ),
    ],
)
def test_the_other_end(channel: Channel, direction: str, expected: str) -> None:
    text = words(on(WaitKind.READ, "c", direction), channels=(channel,))
    assert text == f"reads c, fd 5{expected}"


def test_a_poll_of_many_names_each_without_its_holders() -> None:
    waits = tuple(ChannelWait(fd=fd, channel="pipe:[123]", direction="read") for fd in range(6))
    text = words(Wait(kind=WaitKind.POLL, channels=waits, timed=True))
    assert text.startswith("polls 6 descriptors: pipe:[123], fd 0, ")
    assert text.endswith("and 2 more, with a time-out")


@pytest.mark.parametrize(
    ("semaphore", "expected"),
    [
        (
            Semaphore(
                key="k", value=0, max_value=1, holders=(SemaphoreHolder(pid=5, ident=1, count=1),)
            ),
            "waits for a multiprocessing Lock; held by 5",
        ),
        (
            Semaphore(key="k", value=0, max_value=1, recursive=True),
            "waits for a multiprocessing RLock; no process that maps it holds it",
        ),
        (
            Semaphore(key="k", value=0, max_value=4, unread=(6,)),
            "waits for a multiprocessing Semaphore; not readable: 6",
        ),
        (
            Semaphore(key="k", value=1, max_value=1),
            "waits for a multiprocessing Lock; free at that moment (value 1)",
        ),
    ],
)
def test_shared_locks(semaphore: Semaphore, expected: str) -> None:
    wait = Wait(kind=WaitKind.SHARED_LOCK, lock=Lock(kind=LockKind.SEMAPHORE, semaphore=semaphore))
    assert words(wait) == expected


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ((("Condition.wait", "threading.py"), ("Queue.get", "queue.py")), "an item of a queue"),
        ((("wait", "threading.py"),), "a Condition to be notified"),
        ((("wait", "threading.py"), ("wait", "threading.py")), "an Event to be set"),
        (
            (("Condition.wait", "threading.py"), ("Future.result", "concurrent/futures/_base.py")),
            "the result of a Future",
        ),
    ],
)
def test_a_plain_lock_is_named_for_what_the_library_uses_it_for(
    frames: tuple[tuple[str, str], ...], expected: str
) -> None:
    user = Frame(function="get", file="/srv/app/queue.py", line=3)
    stack = [Frame(function=name, file=STDLIB + file, line=1) for name, file in frames]
    assert words(lock(LockKind.LOCK), *stack, user) == f"waits for {expected}"


def test_a_users_own_queue_module_is_not_the_standard_one() -> None:
    user = Frame(function="get", file="/srv/app/queue.py", line=3)
    assert words(lock(LockKind.LOCK), user) == "waits for a Lock"


def test_who_seems_to_hold_a_lock_is_named() -> None:
    held = (Candidate(192, "lock", "take", "app.py", 7), Candidate(9999, "lock", "f", "app.py", 1))
    waiter = world.thread(11, world.lock_wait(candidates=held))
    holder = world.thread(12, world.SLEEPING, name="audit", stack=())
    said = describe_wait(waiter, world.process(10, waiter, holder), {})
    assert said == 'waits for a Lock; seems to be held by "audit" (tid 12), 0x270f'


def test_a_thread_that_runs_no_python_is_called_what_it_is() -> None:
    native = Native(role="faulthandler's watchdog", harmless=True)
    watchdog = msgspec.structs.replace(world.thread(11, world.lock_wait()), native=native)
    said = describe_wait(watchdog, world.process(10, watchdog), {})
    assert said == "is faulthandler's watchdog"
