"""Who seems to hold a plain lock that was taken by a bare acquire(), or by an own class.

Nothing on any stack says so. A thread is a candidate if a function that it is in has
called acquire() on this very lock before the line where it stands, as the source reads,
and no release(); or if it is inside of a `with` on an object that has the lock as an
attribute, which its class's `__enter__` names beside `acquire`. The source may have
changed, and a branch not been taken: it is likely, and never a proof.
"""

from collections.abc import Callable, Iterator
from itertools import islice, takewhile

import msgspec

from diag.collect.cpython.exits import Exits
from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.frames import Frame, Frames, FrameUnreadableError
from diag.collect.cpython.holders import FORKING_FUNCTION
from diag.collect.cpython.layout import OBJECT_TYPE
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.places import Places
from diag.collect.cpython.scope import Scope
from diag.collect.cpython.sources import acquired_before
from diag.collect.cpython.values import Values
from diag.collect.memory import MemoryBudgetError, MemoryUnreadableError
from diag.model.lock import Candidate, Lock, LockKind
from diag.model.process import Process
from diag.model.thread import Thread

MAX_FRAMES = 60
# Who waits there waits for an item, an event or a result, or for a lock taken by `with`.
_LIBRARIES = ("/threading.py", "/queue.py", "/concurrent/futures/_base.py")
_TAKES, _GIVES, _ENTERS = "acquire", "release", "__enter__"


def with_candidates(
    interior: Interior,
    layout: FrameLayout,
    process: Process,
    threads: tuple[Thread, ...],
    still_waits: Callable[[Thread], bool],
) -> tuple[Thread, ...]:
    """Return the threads, plain locks without a known owner with who seems to hold them.

    Args:
        interior: the process.
        layout: of its frames.
        process: itself.
        threads: of it.
        still_waits: tells whether a thread has not moved since it was swept.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    ownerless = [thread for thread in threads if _ownerless(thread)]
    search = _Search(interior, layout, process)
    states = {interior.runtime.idents[s.ident]: s for s in interior.runtime.states}
    own = [states.get(thread.inner_tid or thread.tid) for thread in ownerless]
    wanted = {
        thread.wait.lock.address or 0
        for thread, state in zip(ownerless, own, strict=True)
        if thread.wait.lock is not None and state and search.waits_by_itself(state.address)
    }
    if not wanted:
        return threads
    candidates: dict[int, list[Candidate]] = {address: [] for address in wanted}
    others: dict[int, list[int]] = {address: [] for address in wanted}
    for thread in threads:
        state = states.get(thread.inner_tid or thread.tid)
        if state is None:
            continue  # it is native: it counts by itself
        seen = search.look_at(state.address, state.ident, wanted)
        if not still_waits(thread):
            # Frames that change while they are read may lack some.
            seen = _both(seen, search.look_at(state.address, state.ident, wanted))
        for address in wanted:
            if seen is not None and address in seen.taken:
                candidates[address].append(seen.taken[address])
            elif seen is None or address in seen.given:
                others[address].append(state.ident)
    return tuple(_with(thread, candidates, others) for thread in threads)


def _ownerless(thread: Thread) -> Lock | None:
    lock = thread.wait.lock
    if lock is None or lock.kind is not LockKind.LOCK or thread.wait.timed:
        return None
    return lock if lock.locked and lock.owner_ident is None else None


def _with(
    thread: Thread, candidates: dict[int, list[Candidate]], others: dict[int, list[int]]
) -> Thread:
    lock = _ownerless(thread)
    if lock is None or not candidates.get(lock.address or 0):
        return thread
    address = lock.address or 0
    lock = msgspec.structs.replace(
        lock, candidates=tuple(candidates[address]), others=tuple(others[address])
    )
    return msgspec.structs.replace(thread, wait=msgspec.structs.replace(thread.wait, lock=lock))


class _Seen(msgspec.Struct):
    """What the frames of a thread say: locks that it took, and those it may yet release."""

    taken: dict[int, Candidate]
    given: set[int]


def _both(one: _Seen | None, other: _Seen | None) -> _Seen | None:
    """Return what two looks at a thread that runs have in all, None if one of them failed."""
    if one is None or other is None:
        return None
    return _Seen({**one.taken, **other.taken}, one.given | other.given)


class _Search:
    """Reads the frames of one process."""

    def __init__(self, interior: Interior, layout: FrameLayout, process: Process) -> None:
        memory, types, version = interior.memory, interior.types, interior.version
        self._pid, self._forked = process.pid, process.forked_without_exec
        self._memory, self._layout = memory, layout
        self._values = Values(memory, types, version)
        self._frames = Frames(memory, types, layout)
        self._scope = Scope(memory, self._values, layout, version)
        self._exits = Exits(memory, types, self._values, version)
        self._places = Places(memory, self._values, layout, version)

    def waits_by_itself(self, thread_state: int) -> bool:
        """Return whether a thread's innermost frame takes the lock for its own purposes."""
        try:
            innermost = next(self._frames.of(thread_state), None)
            if innermost is None:
                return False
            return not self._places.file_of(innermost).endswith(_LIBRARIES)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, FrameUnreadableError):
            return False

    def look_at(self, thread_state: int, ident: int, wanted: set[int]) -> _Seen | None:
        """Return what the frames of a thread say of the wanted locks, None if they are unreadable.

        A child that multiprocessing forked never returns to the frames of its parent.
        """
        seen = _Seen({}, set())
        try:
            frames = self._frames.of(thread_state)
            if self._forked:
                frames = takewhile(lambda frame: frame.code.name != FORKING_FUNCTION, frames)
            for frame in islice(frames, MAX_FRAMES):
                for address, candidate in self._taken(frame, ident):
                    if address in wanted:
                        seen.taken.setdefault(address, candidate)
                seen.given |= self._given(frame, wanted)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, FrameUnreadableError):
            return None
        return seen

    def _taken(self, frame: Frame, ident: int) -> Iterator[tuple[int, Candidate]]:
        if _TAKES in self._scope.names_used(frame.code.address):
            place = self._places.of(frame)
            first_line = self._memory.i32(frame.code.address + self._layout.code_first_line)
            for names, line in acquired_before(
                self._pid, place.file, frame.code.name, first_line, place.line
            ):
                address = self._lock_of(self._scope.resolve(frame, names))
                if address is not None:
                    name = ".".join(names)
                    yield address, Candidate(ident, name, place.function, place.file, line)
        for manager in self._exits.entered(frame):
            for name, address in self._taken_by_enter(manager):
                place = self._places.of(frame)
                yield address, Candidate(ident, name, place.function, place.file, place.line)

    def _lock_of(self, address: int | None) -> int | None:
        """Return a lock itself, of a Condition its own."""
        if self._values.is_a(address, "Condition"):
            return self._values.attribute(address, "_lock")
        return address

    def _taken_by_enter(self, manager: int) -> Iterator[tuple[str, int]]:
        """Yield the attributes that the `__enter__` of an object's class takes."""
        kind = self._memory.u64(manager + OBJECT_TYPE)
        function = self._scope.of_class(kind, _ENTERS)
        code = self._scope.code_of(function) if function is not None else None
        names = self._scope.names_used(code) if code is not None else frozenset()
        facts = self._values.type_of(manager)
        if facts is None or names.isdisjoint((_TAKES, _ENTERS)):
            return
        for name, address in self._values.attributes(manager).items():
            if name in names:
                yield f"{name} of {facts.name.rpartition('.')[2]}", address

    def _given(self, frame: Frame, wanted: set[int]) -> set[int]:
        """Return which of the locks a frame names, if it names `release`, too."""
        names = self._scope.names_used(frame.code.address)
        if _GIVES not in names:
            return set()
        variables = self._scope.variables(frame)
        found = set(variables.values())
        for name in names:
            found.add(self._values.entry(frame.globals, name) or 0)
            found |= {self._values.attribute(value, name) or 0 for value in variables.values()}
        return found & wanted
