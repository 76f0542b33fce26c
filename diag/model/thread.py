"""One thread at one moment."""

from diag.model.aio import Loop
from diag.model.base import Record
from diag.model.native import Native
from diag.model.pool import Worker
from diag.model.stack import Stack
from diag.model.subject import Subject
from diag.model.wait import Wait


class Syscall(Record, frozen=True):
    """`/proc/PID/task/TID/syscall` of a blocked thread.

    Attributes:
        number: of the system call, -1 if blocked outside of one.
        args: its six arguments; empty for -1.
        stack_pointer: of user space.
        program_counter: of user space.

    """

    number: int
    args: tuple[int, ...]
    stack_pointer: int
    program_counter: int


class Standing(Record, frozen=True):
    """What a running Python thread has in its hands, without any of it.

    Attributes:
        digest: of its frames, their variables, and what these refer to: equal in two
            looks if the thread has not changed any of it for good in between.
        matching: whether it seems to be inside of a regular expression.
        calling: whether it may be inside of a call of something else.

    """

    digest: str
    matching: bool = False
    calling: bool = False


class Polling(Record, frozen=True):
    """A loop that only looks, now and then, whether something has happened, as its source reads.

    Attributes:
        line: of the `while`, in the file of the innermost frame of the program's own.
        condition: what would end it, as the source has it, masked and cut; None if nothing would.
        for_work: whether that asks for what others do (`is_alive()`, `done()`, `len()`), not
            only for a flag.
        for_result: whether it expects a result, as no idle program does (`done()`).

    """

    line: int
    condition: str | None = None
    for_work: bool = False
    for_result: bool = False


class Thread(Record, frozen=True):
    """A thread as read from `/proc`, with what was found about its wait.

    Attributes:
        tid: kernel thread id, observer's namespace.
        inner_tid: the same thread in its innermost pid namespace (NSpid).
        name: the kernel's name (comm), 15 bytes at most.
        state: letter of `/proc/PID/task/TID/stat`: R S D T t Z X I.
        start_ticks: start time in clock ticks since boot.
        user_ticks: CPU time in user mode, clock ticks.
        system_ticks: CPU time in the kernel, clock ticks.
        voluntary_switches: context switches because it blocked.
        involuntary_switches: context switches because its time was up.
        read_at_s: when it was read, CLOCK_MONOTONIC seconds.
        syscall: None if running or not readable.
        wchan: kernel function it sleeps in, None if unknown.
        wait: what it waits for.
        ident: pthread id, where the interpreter knows the thread.
        stack: Python frames, None if not taken or not a Python thread.
        subject: the object that it waits on, None if its frames name none.
        worker: what it does for a pool, None if it is no worker of one.
        loop: the event loop of asyncio that it runs, None if it runs none.
        standing: of a running thread, None if it changed while it was read.
        polling: of a thread that pauses in a loop that only looks, None for any other.
        entering: whether it waits for a lock to enter a `with`, as its source reads: then that
            is there to keep others out, not to signal.
        native: of a thread without any Python thread state in a Python process that
            was read, None for any other.

    """

    tid: int
    name: str
    state: str
    start_ticks: int
    wait: Wait
    inner_tid: int | None = None
    user_ticks: int = 0
    system_ticks: int = 0
    voluntary_switches: int | None = None
    involuntary_switches: int | None = None
    read_at_s: float = 0.0
    syscall: Syscall | None = None
    wchan: str | None = None
    ident: int | None = None
    stack: Stack | None = None
    subject: Subject | None = None
    worker: Worker | None = None
    loop: Loop | None = None
    standing: Standing | None = None
    polling: Polling | None = None
    entering: bool = False
    native: Native | None = None
