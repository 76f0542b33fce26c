"""What the code of the functions that a thread is in says of locks: taken, or yet to be released.

A lock is taken if a function has called acquire() on it before the line where it stands,
as the source reads, and no release(), be it in a method of an object of the program's own
that it called; or if it is an attribute of an object that a frame is
in the `with` of, and the `__enter__` of its class names it beside `acquire`, or a method
that it calls does. Generators that are entered by `with` count as frames. A Semaphore is
taken by `with` only: who acquires one by itself may mean to consume a signal.
"""

from collections.abc import Iterator
from itertools import islice, takewhile

import msgspec

from diag.collect.cpython.entered import Entered
from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.frames import Frame, FrameUnreadableError
from diag.collect.cpython.holders import FORKING_FUNCTION
from diag.collect.cpython.layout import OBJECT_TYPE
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.places import Places
from diag.collect.cpython.scope import Scope
from diag.collect.cpython.sources import END, OF_LOCKS, Call, Sources
from diag.collect.memory import MemoryBudgetError, MemoryUnreadableError
from diag.model import stack as model
from diag.model.lock import Candidate
from diag.model.process import Process

MAX_FRAMES = 60
# Who waits there waits for an item, an event or a result, or for a lock taken by `with`.
_LIBRARIES = ("/threading.py", "/queue.py", "/concurrent/futures/_base.py")
_KEEPERS = ("generator", "ExitStack")  # of locks that they took
_TAKES, _GIVES, _ENTERS = "acquire", "release", "__enter__"


class Seen(msgspec.Struct):
    """What the frames of a thread say: locks that it took, and those it may yet release.

    Attributes:
        taken: address -> how.
        given: addresses.
        may_hold_others: whether a function of the program's own acquires or releases something, or
            keeps what may: a generator, an ExitStack.

    """

    taken: dict[int, Candidate]
    given: set[int]
    may_hold_others: bool = False


def both(one: Seen | None, other: Seen | None) -> Seen | None:
    """Return what two looks at a thread that runs have in all, None if one of them failed."""
    if one is None or other is None:
        return None
    may_hold_others = one.may_hold_others or other.may_hold_others
    return Seen({**one.taken, **other.taken}, one.given | other.given, may_hold_others)


class Taking:
    """Reads the frames of one process."""

    def __init__(self, interior: Interior, layout: FrameLayout, process: Process) -> None:
        memory, types, version = interior.memory, interior.types, interior.version
        self._forked = process.forked_without_exec
        self.sources = Sources(process.pid)
        self._memory, self._layout = memory, layout
        self._entered = Entered(memory, types, layout, version)
        self._values = self._entered.values
        self._scope = Scope(memory, self._values, layout, version)
        self._places = Places(memory, self._values, layout, version)
        self._known: dict[int, dict[str, int]] = {}  # attributes of objects, names of modules

    def sought(self, thread_state: int, lock: int) -> int | None:
        """Return what a thread that is blocked on a lock waits for, None if it has no holder.

        That is the lock itself, or the Semaphore that its innermost frames acquire.
        """
        try:
            innermost = list(islice(self._entered.frames.of(thread_state), 2))
            in_library = bool(innermost) and self._places.file_of(innermost[0]).endswith(_LIBRARIES)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, FrameUnreadableError):
            return None
        if not in_library:
            return lock if innermost else None
        wait, caller = innermost[0], innermost[-1]
        if (wait.code.name, caller.code.name) != ("wait", _TAKES):
            return None
        return caller.first_local if self._values.is_a(caller.first_local, "Semaphore") else None

    def look_at(self, thread_state: int, ident: int, wanted: set[int]) -> Seen | None:
        """Return what the frames of a thread say of the wanted locks, None if they are unreadable.

        A child that multiprocessing forked never returns to the frames of its parent.
        """
        seen = Seen({}, set())
        try:
            frames = self._entered.frames.of(thread_state)
            if self._forked:
                frames = takewhile(lambda frame: frame.code.name != FORKING_FUNCTION, frames)
            for frame in islice(frames, MAX_FRAMES):
                if self._places.file_of_code(frame.code.address).endswith(_LIBRARIES):
                    continue
                for part in (frame, *self._entered.suspended(frame)):
                    for address, candidate in self._taken(part, ident):
                        if address in wanted:
                            seen.taken.setdefault(address, candidate)
                    seen.given |= self._given(part, wanted)
                    seen.may_hold_others |= self._may_hold_others(part)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, FrameUnreadableError):
            return None
        return seen

    def _may_hold_others(self, frame: Frame) -> bool:
        names = self._scope.names_used(frame.code.address)
        if any(_TAKES in name or _GIVES in name for name in names):
            return True
        kept = self._scope.variables(frame).values()
        return any(self._values.is_a(each, *_KEEPERS) for each in kept)

    def _taken(self, frame: Frame, ident: int) -> Iterator[tuple[int, Candidate]]:
        place = self._places.of(frame)
        for address, (name, line) in self._by_calls(frame, place).items():
            yield address, Candidate(ident, name, place.function, place.file, line)
        for manager in self._entered.managers(frame):
            for name, address in self._taken_by_enter(manager):
                yield address, Candidate(ident, name, place.function, place.file, place.line)

    def _by_calls(self, frame: Frame, place: model.Frame) -> dict[int, tuple[str, int]]:
        """Return the locks that the calls of a frame took: how it calls them, and in which line."""
        if not any(map(OF_LOCKS.search, self._scope.names_used(frame.code.address))):
            return {}
        taken: dict[int, tuple[str, int]] = {}
        for call in self._calls(frame.code.address, place.file, frame.code.name, place.line):
            name = ".".join(call.names)
            for address, takes in self._effects(self._scope.resolve(frame, call.names), call):
                taken.pop(address, None)
                if takes and call.certain:
                    taken[address] = (name, call.line)
        return taken

    def _calls(self, code: int, file: str, function: str, line: int) -> tuple[Call, ...]:
        first_line = self._memory.i32(code + self._layout.code_first_line)
        return self.sources.calls_before(file, function, first_line, line)

    def _effects(self, owner: int | None, call: Call) -> Iterator[tuple[int, bool]]:
        """Yield the locks that a call took, or else gave back, where that is plain to see.

        On an object of the program's own, what its method does to its attributes counts.
        """
        lock = self._lock_of(owner)
        if owner is None or lock is None:
            return
        if self._entered.is_lock(lock):
            if call.method in (_TAKES, _GIVES):
                yield lock, call.method == _TAKES
            return
        function = self._scope.of_class(self._memory.u64(owner + OBJECT_TYPE), call.method)
        code = self._scope.code_of(function) if function is not None else None
        if code is None or self._scope.names_used(code).isdisjoint((_TAKES, _GIVES)):
            return
        for inner in self._calls(code, self._places.file_of_code(code), call.method, END):
            path = inner.names[1:]
            if path and inner.names[0] == "self" and inner.method in (_TAKES, _GIVES):
                address = self._lock_of(self._scope.follow(owner, path))
                if address is not None and self._entered.is_lock(address):
                    yield address, inner.certain and inner.method == _TAKES

    def _lock_of(self, address: int | None) -> int | None:
        """Return a lock itself, of a Condition its own; None for a Semaphore."""
        if self._values.is_a(address, "Semaphore"):
            return None
        if self._values.is_a(address, "Condition"):
            return self._values.attribute(address, "_lock")
        return address

    def _taken_by_enter(self, manager: int) -> Iterator[tuple[str, int]]:
        """Yield what the `__enter__` of an object takes: a Semaphore, or some of its attributes."""
        if self._values.is_a(manager, "Semaphore"):
            yield "it by `with`", manager
            return
        names = self._names_of_enter(self._memory.u64(manager + OBJECT_TYPE))
        facts = self._values.type_of(manager)
        if facts is None or names.isdisjoint((_TAKES, _ENTERS)):
            return
        for name, address in self._values.attributes(manager).items():
            if name in names:
                yield f"{name} of {facts.name.rpartition('.')[2]}", address

    def _names_of_enter(self, kind: int) -> frozenset[str]:
        """Return the names that a class's `__enter__` uses, and the methods that it calls."""
        names = self._names_of_method(kind, _ENTERS)
        return names.union(*(self._names_of_method(kind, name) for name in names))

    def _names_of_method(self, kind: int, name: str) -> frozenset[str]:
        function = self._scope.of_class(kind, name)
        code = self._scope.code_of(function) if function is not None else None
        return self._scope.names_used(code) if code is not None else frozenset()

    def _given(self, frame: Frame, wanted: set[int]) -> set[int]:
        """Return which of the locks a frame may give back: by `release`, or a method that does.

        It has to name the lock, or an object that has the lock and the method.
        """
        names = self._scope.names_used(frame.code.address)
        variables = self._scope.variables(frame)
        objects = set(variables.values())
        objects |= {value for key, value in self._globals(frame.globals).items() if key in names}
        for value in variables.values():
            own = self._attributes(value)
            objects |= {own[name] for name in names & own.keys()}
        given = objects & wanted if _GIVES in names else set()
        for owner in objects:
            inside = wanted.intersection(self._attributes(owner).values())
            if inside and self._has_method_that_gives(owner, names):
                given |= inside
        return given

    def _has_method_that_gives(self, owner: int, names: frozenset[str]) -> bool:
        kind = self._memory.u64(owner + OBJECT_TYPE)
        methods = (self._names_of_method(kind, name) for name in names)
        # One that takes the lock as well gives back what it took.
        return any(_GIVES in used and _TAKES not in used for used in methods)

    def _attributes(self, owner: int) -> dict[str, int]:
        if owner not in self._known:
            self._known[owner] = self._values.attributes(owner)
        return self._known[owner]

    def _globals(self, namespace: int) -> dict[str, int]:
        if namespace not in self._known:
            pairs = self._values.pairs(namespace) or ()
            named = ((self._values.text(key), value) for key, value in pairs)
            self._known[namespace] = {name: value for name, value in named if name is not None}
        return self._known[namespace]
