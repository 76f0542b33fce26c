"""One look into one process: its interpreter, its threads' idents, its locks."""

from dataclasses import dataclass, field

import msgspec

from diag.collect.cpython.build import Build, recognise
from diag.collect.cpython.framelayout import frame_layout_of
from diag.collect.cpython.futex import is_shared
from diag.collect.cpython.layout import layout_of
from diag.collect.cpython.locks import Interior, find_lock
from diag.collect.cpython.mutex import native_lock
from diag.collect.cpython.pthread import tid_at
from diag.collect.cpython.runtime import RuntimeMismatchError, read_runtime
from diag.collect.cpython.semaphores import SharedPlace, awaited_semlock, shared_place
from diag.collect.cpython.semholders import Access
from diag.collect.cpython.tasks import Tasks
from diag.collect.cpython.typenames import Types
from diag.collect.cpython.withs import with_holders
from diag.collect.maps import AddressSpace, read_maps
from diag.collect.memory import Memory, MemoryUnreadableError
from diag.model.gap import Gap
from diag.model.lock import Lock, LockKind
from diag.model.process import Interpreter, Process
from diag.model.thread import Thread

MOVED_ON = "the thread moved on while its lock was read"
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
        interior, obstacle = _enter(memory, space, build, tasks, process)
        look.process = _with_interpreter(process, build, obstacle)
        inside = _Inside(
            memory,
            space,
            tasks,
            interior,
            obstacle or "not a Python process",
            look,
            tasks.by_inner_tid(),
        )
        threads = tuple(inside.look_at(thread) for thread in process.threads)
        threads = inside.with_idents(inside.with_holders(threads, build))
    look.process = msgspec.structs.replace(
        look.process,
        threads=threads,
        gil=interior.runtime.gil if interior else None,
        dead_idents=interior.runtime.dead_idents if interior else (),
    )


def _with_interpreter(process: Process, build: Build | None, obstacle: str | None) -> Process:
    interpreter: Interpreter | None = None
    if build is not None:
        interpreter = build.interpreter
        if obstacle is not None:
            interpreter = msgspec.structs.replace(interpreter, memory=obstacle)
    return msgspec.structs.replace(process, interpreter=interpreter)


def _enter(
    memory: Memory, space: AddressSpace, build: Build | None, tasks: Tasks, process: Process
) -> tuple[Interior | None, str | None]:
    """Return the way into the interpreter, or what bars it; neither if there is none."""
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


@dataclass
class _Inside:
    """A process that is being read."""

    memory: Memory
    space: AddressSpace
    tasks: Tasks
    interior: Interior | None
    obstacle: str
    look: Look
    tids: dict[int, int]

    def look_at(self, thread: Thread) -> Thread:
        """Return a thread with the lock that it waits for."""
        if thread.wait.futex is None or thread.syscall is None:
            return thread
        unknown = thread.wait.unknown
        try:
            lock = self._lock(thread)
        except MemoryUnreadableError as error:
            lock = Lock(kind=LockKind.UNKNOWN, owner_unknown=f"not readable: {error}")
        if not self.tasks.still_waits(thread):
            lock, unknown = Lock(kind=LockKind.UNKNOWN, owner_unknown=MOVED_ON), MOVED_ON
            self.look.waits.pop(thread.tid, None)
        wait = msgspec.structs.replace(thread.wait, lock=lock, unknown=unknown)
        return msgspec.structs.replace(thread, wait=wait)

    def _lock(self, thread: Thread) -> Lock:
        futex, call = thread.wait.futex, thread.syscall
        if futex is None or call is None:
            raise AssertionError("only waits on a futex are looked at")
        if lock := native_lock(self.memory, futex, self.tids):
            return lock
        if is_shared(futex):
            return self._shared_lock(thread.tid, futex.address, call.stack_pointer)
        if self.interior is None:
            return Lock(kind=LockKind.UNKNOWN, owner_unknown=self.obstacle)
        return find_lock(self.interior, futex, call)

    def _shared_lock(self, tid: int, address: int, stack_pointer: int) -> Lock:
        if self.interior is None:
            return Lock(kind=LockKind.UNKNOWN, owner_unknown=self.obstacle)
        place = shared_place(self.space, address)
        hit = awaited_semlock(self.memory, self.space, self.interior.types, stack_pointer, address)
        if place is None or hit is None:
            return Lock(
                kind=LockKind.UNKNOWN,
                owner_unknown="a shared futex that is no multiprocessing lock",
            )
        self.look.semaphores.setdefault(place, set()).add(hit.address)
        self.look.waits[tid] = place
        return Lock(
            kind=LockKind.SEMAPHORE,
            address=hit.address,
            type_name=hit.type.name,
            owner_unknown="its holders were not looked for",
        )

    def with_holders(self, threads: tuple[Thread, ...], build: Build | None) -> tuple[Thread, ...]:
        """Return the threads with the holders of plain locks, as far as they can be proven."""
        if self.interior is None or build is None or build.version is None:
            return threads
        try:
            layout = frame_layout_of(build.version, self.memory, build.runtime)
            if layout is None:
                return threads
            return with_holders(
                self.interior,
                layout,
                threads,
                self.tasks.still_waits,
                forked=self.look.process.forked_without_exec,
            )
        except MemoryUnreadableError:
            return threads  # each lock already says that it records no owner

    def with_idents(self, threads: tuple[Thread, ...]) -> tuple[Thread, ...]:
        """Return the threads with their idents, and without owners that cannot be judged."""
        if self.interior is None:
            return threads
        tids = self.tasks.by_inner_tid()
        idents = {
            tids[inner]: ident
            for ident, inner in self.interior.runtime.idents.items()
            if inner in tids
        }
        seen = {thread.tid for thread in threads}
        newcomers = set()
        for owner in {t.wait.lock.owner_ident for t in threads if t.wait.lock}:
            # Threads that the interpreter does not list can own locks too, and
            # one that started after the sweep must not pass for a dead one.
            tid = tids.get(tid_at(self.memory, owner) or 0) if owner else None
            if owner and tid is not None:
                idents[tid] = owner
                if tid not in seen:
                    newcomers.add(owner)
        return tuple(_finish(thread, idents.get(thread.tid), newcomers) for thread in threads)


def _finish(thread: Thread, ident: int | None, newcomers: set[int]) -> Thread:
    lock = thread.wait.lock
    if lock is not None and lock.owner_ident in newcomers:
        lock = msgspec.structs.replace(
            lock, owner_ident=None, owner_unknown="its owner started while the process was read"
        )
        wait = msgspec.structs.replace(thread.wait, lock=lock)
        return msgspec.structs.replace(thread, ident=ident, wait=wait)
    return msgspec.structs.replace(thread, ident=ident)


def _cause(error: OSError | MemoryUnreadableError) -> BaseException | None:
    return error if isinstance(error, OSError) else error.__cause__


def _reason(error: OSError | MemoryUnreadableError) -> str:
    cause = _cause(error)
    if isinstance(cause, _ENDED):
        return "the process ended while it was read"
    if isinstance(cause, PermissionError):
        return "not permitted: run diag as root, or as the user of the process"
    return str(error)
