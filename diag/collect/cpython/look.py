"""One look into one process: its interpreter, its threads' idents, its locks."""

from dataclasses import dataclass, field

import msgspec

from diag.collect.cpython.access import Access
from diag.collect.cpython.asyncio_tasks import Asyncio
from diag.collect.cpython.build import Build, recognise
from diag.collect.cpython.inside import MOVED_ON, Inside
from diag.collect.cpython.layout import layout_of
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.runtime import RuntimeMismatchError, read_runtime
from diag.collect.cpython.semaphores import SharedPlace
from diag.collect.cpython.tasks import Tasks
from diag.collect.cpython.typenames import Types
from diag.collect.maps import AddressSpace, read_maps
from diag.collect.memory import Memory, MemoryUnreadableError
from diag.model.gap import Gap
from diag.model.lock import LockKind
from diag.model.process import Interpreter, Process

_ENDED = (FileNotFoundError, ProcessLookupError)


@dataclass
class Look:
    """What one look yields.

    Attributes:
        process: with what was found.
        space: its mappings, None if they could not be read.
        semaphores: the semaphores that its threads wait for -> addresses of
            the `SemLock`s that they wait in.
        waits: thread id -> semaphore it waits for.
        ended: whether the process was gone.

    """

    process: Process
    space: AddressSpace | None = None
    semaphores: dict[SharedPlace, set[int]] = field(default_factory=dict)
    waits: dict[int, SharedPlace] = field(default_factory=dict)
    ended: bool = False

    @property
    def unreadable(self) -> bool:
        """Whether it is alive, and what it has mapped is not known."""
        return self.space is None and not self.ended

    @property
    def may_be_taking(self) -> bool:
        """Whether a thread may have got a semaphore and not yet counted it.

        `SemLock.acquire` counts only after it has the GIL back.
        """
        locks = (thread.wait.lock for thread in self.process.threads)
        return any(
            lock is not None and (lock.kind is LockKind.GIL or lock.owner_unknown == MOVED_ON)
            for lock in locks
        )


def look_into(process: Process, access: Access) -> Look:
    """Look into a process; what cannot be read becomes a gap of it."""
    look = Look(process)
    if process.state in ("Z", "X"):
        look.ended = True
        return look
    try:
        look.space = read_maps(process.pid, proc_root=access.proc_root)
        if look.space.mappings:
            _look(look, look.space, access)
    except (OSError, MemoryUnreadableError) as error:
        look.ended = isinstance(_cause(error), _ENDED)
        gap = Gap(what="memory", because=_reason(error), pid=process.pid)
        gaps = (*look.process.gaps, gap)
        look.process = msgspec.structs.replace(look.process, gaps=gaps)
    return look


def _look(look: Look, space: AddressSpace, access: Access) -> None:
    process = look.process
    try:
        memory = access.memory(process.pid)
    except MemoryUnreadableError:
        build = recognise(process.pid, space, None, proc_root=access.proc_root)
        look.process = _with_interpreter(process, build, None)
        raise
    with memory:
        tasks = Tasks(process, proc_root=access.proc_root)
        build = recognise(process.pid, space, memory, proc_root=access.proc_root)
        interior, obstacle = enter(memory, space, build, tasks, process)
        look.process = _with_interpreter(process, build, obstacle)
        inside = Inside(
            process=process,
            memory=memory,
            space=space,
            tasks=tasks,
            tids=tasks.by_inner_tid(),
            interior=interior,
            obstacle=obstacle or "not a Python process",
        )
        threads = tuple(inside.look_at(thread) for thread in process.threads)
        threads = inside.with_idents(inside.with_holders(threads, build))
        look.semaphores, look.waits = inside.semaphores, inside.waits
        asyncio = _asyncio(look, inside, build)
        threads = inside.with_natives(inside.with_standings(threads, build), build)
    look.process = msgspec.structs.replace(
        look.process,
        threads=tuple(
            msgspec.structs.replace(thread, loop=asyncio.loops[thread.ident])
            if thread.ident in asyncio.loops
            else thread
            for thread in threads
        ),
        tasks=asyncio.tasks,
        gaps=(*look.process.gaps, *inside.gaps),
        gil=interior.runtime.gil if interior else None,
        dead_idents=interior.runtime.dead_idents if interior else (),
    )


def _asyncio(look: Look, inside: Inside, build: Build | None) -> Asyncio:
    try:
        return inside.asyncio(build)
    except MemoryUnreadableError as error:
        gap = Gap(what="asyncio tasks", because=str(error), pid=look.process.pid)
        gaps = (*look.process.gaps, gap)
        look.process = msgspec.structs.replace(look.process, gaps=gaps)
        return Asyncio()


def _with_interpreter(process: Process, build: Build | None, obstacle: str | None) -> Process:
    interpreter: Interpreter | None = None
    if build is not None:
        interpreter = build.interpreter
        if obstacle is not None:
            interpreter = msgspec.structs.replace(interpreter, memory=obstacle)
    return msgspec.structs.replace(process, interpreter=interpreter)


def enter(
    memory: Memory, space: AddressSpace, build: Build | None, tasks: Tasks, process: Process
) -> tuple[Interior | None, str | None]:
    """Return the way into the interpreter, or what bars it; neither if there is none.

    Args:
        memory: of the process.
        space: its mappings.
        build: what it runs, None if it is no Python.
        tasks: its threads.
        process: itself.

    Raises:
        OSError: the process is gone.
        MemoryUnreadableError: its memory cannot be read.

    """
    if build is None:
        return None, None
    if build.interpreter.memory is not None or build.version is None:
        return None, build.interpreter.memory
    layout = layout_of(build.version, memory, build.runtime)
    if layout is None:
        return None, f"memory layouts of Python {build.interpreter.version} are not known"
    try:
        runtime = read_runtime(
            memory,
            build.runtime,
            layout,
            lambda: frozenset(tasks.by_inner_tid()),
            forked=process.forked_without_exec,
        )
    except RuntimeMismatchError as error:
        return None, str(error)
    return Interior(memory, space, Types(memory), runtime, build.version), None


def _cause(error: OSError | MemoryUnreadableError) -> BaseException | None:
    return error if isinstance(error, OSError) else error.__cause__


def _reason(error: OSError | MemoryUnreadableError) -> str:
    cause = _cause(error)
    if isinstance(cause, _ENDED):
        return "the process ended while it was read"
    if isinstance(cause, PermissionError):
        return "not permitted: run diag as root, or as the user of the process"
    return str(error)
