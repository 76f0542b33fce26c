"""Small worlds for tests: trees of processes written down in a few lines."""

from collections.abc import Iterable

from diag.analysis.case import Case
from diag.model.channel import Channel, ChannelKind, Holder
from diag.model.host import Host
from diag.model.ids import ProcessId
from diag.model.lock import Lock, LockKind
from diag.model.process import Gil, Interpreter, Process
from diag.model.snapshot import Snapshot
from diag.model.stack import Frame, Stack
from diag.model.thread import Polling, Syscall, Thread
from diag.model.wait import ChannelWait, Futex, Wait, WaitKind

HOST = Host(
    kernel="6.1",
    machine="x86_64",
    cpus=2,
    memory_bytes=2**30,
    clock_ticks_per_s=100,
    page_bytes=4096,
)
CPYTHON = Interpreter(version="3.11.7")
STDLIB = "/usr/lib/python3.11/"

RUNNING = Wait(kind=WaitKind.RUNNING)
SLEEPING = Wait(kind=WaitKind.SLEEP, syscall="clock_nanosleep", timed=True)
STOPPED = Wait(kind=WaitKind.STOPPED)


def frames(*places: str) -> tuple[Frame, ...]:
    """Frames from "function file:line", innermost first; "~" stands for the standard library."""
    made = []
    for text in places:
        function, _, where = text.partition(" ")
        file, _, line = where.partition(":")
        made.append(Frame(function=function, file=file.replace("~", STDLIB), line=int(line or 1)))
    return tuple(made)


def lock_wait(
    kind: LockKind = LockKind.LOCK, *, owner: int | None = None, at: int = 0x1000, **more: object
) -> Wait:
    """A thread blocked on a private futex."""
    lock = Lock(
        kind=kind,
        address=at,
        owner_ident=owner,
        owner_unknown=None if owner else "a plain lock records no owner",
        **more,  # type: ignore[arg-type]
    )
    futex = Futex(address=at + 16, operation=0x189, value=0)
    return Wait(kind=WaitKind.LOCK, syscall="futex", futex=futex, lock=lock)


def reads(channel: str, fd: int = 3) -> Wait:
    item = ChannelWait(fd=fd, channel=channel, direction="read")
    return Wait(kind=WaitKind.READ, syscall="read", channels=(item,))


def writes(channel: str, fd: int = 4) -> Wait:
    item = ChannelWait(fd=fd, channel=channel, direction="write")
    return Wait(kind=WaitKind.WRITE, syscall="write", channels=(item,))


def polls(*channels: str) -> Wait:
    items = tuple(ChannelWait(fd=9, channel=channel, direction="read") for channel in channels)
    return Wait(kind=WaitKind.POLL, syscall="poll", channels=items)


def waits_for_child(*children: int) -> Wait:
    return Wait(kind=WaitKind.CHILD, syscall="wait4", children=children)


def pipe(name: str, *, writers: Iterable[int] = (), readers: Iterable[int] = ()) -> Channel:
    return Channel(
        id=name,
        kind=ChannelKind.PIPE,
        writers=tuple(Holder(pid=pid, fd=4) for pid in writers),
        readers=tuple(Holder(pid=pid, fd=3) for pid in readers),
    )


def thread(
    tid: int,
    wait: Wait,
    *,
    stack: tuple[Frame, ...] | None = None,
    name: str = "",
    switches: int = 5,
    state: str | None = None,
    polling: Polling | None = None,
    entering: bool = False,
) -> Thread:
    """A thread whose ident is its tid times 16."""
    letter = {"running": "R", "stopped": "T", "disk": "D", "exited": "Z"}
    return Thread(
        tid=tid,
        inner_tid=tid,
        name=name or "python",
        state=state or letter.get(wait.kind.value, "S"),
        start_ticks=tid,
        wait=wait,
        voluntary_switches=switches,
        involuntary_switches=0,
        syscall=Syscall(number=202, args=(0,) * 6, stack_pointer=1, program_counter=2),
        ident=tid * 16,
        polling=polling,
        entering=entering,
        stack=Stack(frames=stack, thread_name=name or None, ident=tid * 16)
        if stack is not None
        else None,
    )


def process(
    pid: int,
    *threads: Thread,
    parent: int = 1,
    forked: bool = False,
    interpreter: Interpreter | None = CPYTHON,
    signals: int | None = 0b10,  # SIGINT, as Python has it
    command: tuple[str, ...] = ("python", "app.py"),
    gil: Gil | None = None,
) -> Process:
    return Process(
        id=ProcessId(pid=pid, start_ticks=pid),
        parent_pid=parent,
        name="python",
        state=threads[0].state if threads else "Z",
        threads=threads,
        interpreter=interpreter,
        forked_without_exec=forked,
        signals_caught=signals,
        command=command,
        gil=gil,
    )


def snapshot(
    *processes: Process,
    channels: Iterable[Channel] = (),
    context: tuple[Process, ...] = (),
    at_s: float = 100.0,
) -> Snapshot:
    return Snapshot(
        root=processes[0].id,
        taken_at_unix_s=1.0,
        started_s=at_s,
        ended_s=at_s + 0.1,
        processes=processes,
        context=context,
        channels=tuple(channels),
    )


def case(*processes: Process, second: Snapshot | None = None, **more: object) -> Case:
    """A tree that does not change between the two looks, unless `second` says so."""
    first = snapshot(*processes, **more)  # type: ignore[arg-type]
    return Case(first, second or snapshot(*processes, at_s=101.0, **more), HOST)  # type: ignore[arg-type]
