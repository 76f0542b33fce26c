"""One process at one moment."""

from diag.model.aio import AioTask
from diag.model.base import Record
from diag.model.gap import Gap
from diag.model.ids import ProcessId
from diag.model.limits import Limits
from diag.model.pool import Kept, Pool
from diag.model.thread import Thread


class Interpreter(Record, frozen=True):
    """The Python that a process runs.

    Attributes:
        version: "3.11.7", or "3.9" where only the minor version is known.
        implementation: "cpython", "pypy".
        variant: "free-threaded", "debug", "musl"; None for an ordinary build.
        memory: why its objects cannot be read, None if they can: the layout
            tables were checked against this very process.

    """

    version: str
    implementation: str = "cpython"
    variant: str | None = None
    memory: str | None = None


class Gil(Record, frozen=True):
    """A global interpreter lock.

    Attributes:
        address: of the `_gil_runtime_state`.
        locked: whether some thread holds it.
        holder_ident: pthread id of the thread that holds it or held it last.
        switch_number: how often it changed hands.

    """

    address: int
    locked: bool
    holder_ident: int | None = None
    switch_number: int = 0


class Process(Record, frozen=True):
    """A process of the tree: Python or not, alive or zombie, readable or not.

    Attributes:
        id: pid and start time.
        parent_pid: 0 if unknown.
        inner_pid: its pid in its innermost namespace.
        name: the kernel's name (comm).
        command: masked command line, empty for a zombie or if not readable.
        executable: path of the program, None if not readable.
        uid: real user id.
        state: letter of the main thread.
        threads: every thread seen, main thread first.
        interpreter: None if it is not Python or could not be told.
        forked_without_exec: the kernel's PF_FORKNOEXEC: it still runs in a copy
            of its parent's memory (linux/sched.h).
        signals_caught: bit mask SigCgt of `/proc/PID/status`, None if unknown.
        exit_status: of a zombie, as wait4 would give it, None if unknown.
        signallers: pids of those that may end it where it is parked until a signal; None
            if anybody may, from outside as well. A test of pytest has only itself.
        traced_by: pid of the tracer, 0 if none.
        frozen_by: file that says that its control group is frozen, None if it is not,
            or if that is not known.
        gil: of the main interpreter.
        dead_idents: threads of the parent that were copied into this process's
            interpreter by a fork without CPython's after-fork handling.
        rss_bytes: resident memory.
        limits: what the kernel lets it use, None if not read.
        pools: the pools of workers that it owns.
        kept: its collections of futures, read only where it owns a pool.
        tasks: the unfinished tasks of asyncio.
        gaps: what could not be read of it.

    """

    id: ProcessId
    parent_pid: int
    name: str
    state: str
    threads: tuple[Thread, ...] = ()
    inner_pid: int | None = None
    command: tuple[str, ...] = ()
    executable: str | None = None
    uid: int | None = None
    interpreter: Interpreter | None = None
    forked_without_exec: bool = False
    signals_caught: int | None = None
    exit_status: int | None = None
    signallers: tuple[int, ...] | None = None
    traced_by: int = 0
    frozen_by: str | None = None
    gil: Gil | None = None
    dead_idents: tuple[int, ...] = ()
    rss_bytes: int | None = None
    limits: Limits | None = None
    pools: tuple[Pool, ...] = ()
    kept: tuple[Kept, ...] = ()
    tasks: tuple[AioTask, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def pid(self) -> int:
        """The process id in the observer's namespace."""
        return self.id.pid
