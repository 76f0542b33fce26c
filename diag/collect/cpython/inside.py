"""The threads of one process: which lock each waits for, and their idents."""

from dataclasses import dataclass, field

import msgspec

from diag.collect.cpython.asyncio_tasks import Asyncio, read_asyncio
from diag.collect.cpython.build import Build
from diag.collect.cpython.candidates import with_candidates
from diag.collect.cpython.framelayout import frame_layout_of
from diag.collect.cpython.futex import is_shared
from diag.collect.cpython.locks import Interior, find_lock
from diag.collect.cpython.mutex import native_lock
from diag.collect.cpython.natives import native
from diag.collect.cpython.pthread import tid_at
from diag.collect.cpython.semaphores import SharedPlace, awaited_semlock, shared_place
from diag.collect.cpython.standing import StandingReader
from diag.collect.cpython.tasks import Tasks
from diag.collect.cpython.withs import with_holders
from diag.collect.maps import AddressSpace
from diag.collect.memory import Memory, MemoryUnreadableError
from diag.model.gap import Gap
from diag.model.lock import Lock, LockKind
from diag.model.native import Native
from diag.model.process import Process
from diag.model.thread import Thread
from diag.model.wait import Futex, WaitKind

MOVED_ON = "the thread moved on while its lock was read"


@dataclass
class Inside:
    """A process that is being read.

    Attributes:
        process: as it was swept.
        memory: its memory.
        space: its mappings.
        tasks: its threads as they are now.
        tids: inner thread id -> thread id of the observer's namespace.
        interior: the way into its interpreter, None if there is none.
        obstacle: what bars that way.
        semaphores: the semaphores found -> addresses of the `SemLock`s waited in.
        waits: thread id -> semaphore it waits for.
        gaps: what could not be read of it.

    """

    process: Process
    memory: Memory
    space: AddressSpace
    tasks: Tasks
    tids: dict[int, int]
    interior: Interior | None
    obstacle: str
    semaphores: dict[SharedPlace, set[int]] = field(default_factory=dict)
    waits: dict[int, SharedPlace] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def look_at(self, thread: Thread) -> Thread:
        """Return a thread with the lock that it waits for."""
        if thread.wait.futex is None or thread.syscall is None:
            return thread
        try:
            lock = self._lock(thread)
        except MemoryUnreadableError as error:
            lock = Lock(kind=LockKind.UNKNOWN, owner_unknown=f"not readable: {error}")
        # Who waits for the GIL asks anew every 5 ms: what it waits for needs no confirmation.
        if lock.kind is not LockKind.GIL and not self.tasks.still_waits(thread):
            self.waits.pop(thread.tid, None)
            return _moved_on(thread)
        wait = msgspec.structs.replace(thread.wait, lock=lock)
        return msgspec.structs.replace(thread, wait=wait)

    def _lock(self, thread: Thread) -> Lock:
        futex, call = thread.wait.futex, thread.syscall
        if futex is None or call is None:
            raise AssertionError("only waits on a futex are looked at")
        if lock := native_lock(self.memory, futex, self.tids):
            return self._sure_of_ended_owner(lock, futex) if lock.owner_ended else lock
        if is_shared(futex):
            return self._shared_lock(thread.tid, futex.address, call.stack_pointer)
        if self.interior is None:
            return Lock(kind=LockKind.UNKNOWN, owner_unknown=self.obstacle)
        return find_lock(self.interior, futex, call)

    def _sure_of_ended_owner(self, lock: Lock, futex: Futex) -> Lock:
        """Return a mutex, without its owner if that may have started or let go meanwhile."""
        self.tids = self.tasks.by_inner_tid()
        again = native_lock(self.memory, futex, self.tids)
        if again is None or again == lock or again.owner_tid is not None:
            return again or lock
        return msgspec.structs.replace(again, owner_ended=False)

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
        self.semaphores.setdefault(place, set()).add(hit.address)
        self.waits[tid] = place
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
            threads = with_holders(
                self.interior,
                layout,
                threads,
                self.tasks.still_waits,
                forked=self.process.forked_without_exec,
            )
            if any(thread.wait.kind is WaitKind.DISK for thread in threads):
                return threads  # sources may be in the file system that does not answer
            return with_candidates(
                self.interior, layout, self.process, threads, self.tasks.still_waits
            )
        except TimeoutError as error:
            gap = Gap(what="who seems to hold locks", because=str(error), pid=self.process.pid)
            self.gaps.append(gap)
            return threads
        except MemoryUnreadableError:
            return threads  # each lock already says that it records no owner

    def with_natives(self, threads: tuple[Thread, ...], build: Build | None) -> tuple[Thread, ...]:
        """Return the threads; those that have no thread state with what is sure about them."""
        if self.interior is None or build is None:
            return threads
        known = frozenset(self.interior.runtime.idents.values())
        return tuple(
            thread
            if (thread.inner_tid or thread.tid) in known
            else self._native(self.interior, build.runtime, thread)
            for thread in threads
        )

    def _native(self, interior: Interior, runtime: int, thread: Thread) -> Thread:
        found = native(interior, runtime, thread)
        if found.harmless and not self.tasks.still_waits(thread):
            found = Native()
        return msgspec.structs.replace(thread, native=found)

    def asyncio(self, build: Build | None) -> Asyncio:
        """Return the tasks and loops of asyncio, as far as they can be read."""
        if self.interior is None or build is None or build.version is None:
            return Asyncio()
        layout = frame_layout_of(build.version, self.memory, build.runtime)
        return read_asyncio(self.interior, layout) if layout is not None else Asyncio()

    def with_standings(
        self, threads: tuple[Thread, ...], build: Build | None
    ) -> tuple[Thread, ...]:
        """Return the threads; those that run with what they have in their hands."""
        running = {thread.ident for thread in threads if thread.wait.kind is WaitKind.RUNNING}
        if self.interior is None or build is None or build.version is None or not running:
            return threads
        layout = frame_layout_of(build.version, self.memory, build.runtime)
        if layout is None:
            return threads
        reader = StandingReader(self.interior, layout)
        found = {
            state.ident: reader.read(state.address)
            for state in self.interior.runtime.states
            if state.ident in running
        }
        return tuple(
            msgspec.structs.replace(thread, standing=found[thread.ident])
            if thread.ident is not None and found.get(thread.ident) is not None
            else thread
            for thread in threads
        )

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
        alive = set(idents.values())
        finished = (_finish(thread, idents.get(thread.tid), newcomers) for thread in threads)
        return tuple(self._sure_of_dead_owner(thread, alive) for thread in finished)

    def _sure_of_dead_owner(self, thread: Thread, alive: set[int]) -> Thread:
        """Return the thread; without its lock if an owner that is gone let go of it before."""
        lock = thread.wait.lock
        if lock is None or lock.owner_ident is None or lock.owner_ident in alive:
            return thread
        try:
            again = self._lock(thread)
        except MemoryUnreadableError:
            again = None
        same = again is not None and again.owner_ident == lock.owner_ident
        return thread if same and self.tasks.still_waits(thread) else _moved_on(thread)


def _moved_on(thread: Thread) -> Thread:
    lock = Lock(kind=LockKind.UNKNOWN, owner_unknown=MOVED_ON)
    wait = msgspec.structs.replace(thread.wait, lock=lock, unknown=MOVED_ON)
    return msgspec.structs.replace(thread, wait=wait)


def _finish(thread: Thread, ident: int | None, newcomers: set[int]) -> Thread:
    lock = thread.wait.lock
    if lock is not None and lock.owner_ident in newcomers:
        lock = msgspec.structs.replace(
            lock, owner_ident=None, owner_unknown="its owner started while the process was read"
        )
        wait = msgspec.structs.replace(thread.wait, lock=lock)
        return msgspec.structs.replace(thread, ident=ident, wait=wait)
    return msgspec.structs.replace(thread, ident=ident)
