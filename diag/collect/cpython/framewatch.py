"""Looks at the frames of the threads of one process, again and again, without stopping it."""

import hashlib
import struct
from collections.abc import Iterator

from diag.collect.cpython.access import Access
from diag.collect.cpython.asking import ASKING, PURE, asks
from diag.collect.cpython.build import recognise
from diag.collect.cpython.callees import CALLED, callee, hidden_state
from diag.collect.cpython.contents import Contents
from diag.collect.cpython.entered import Entered
from diag.collect.cpython.exits import Exits
from diag.collect.cpython.framelayout import FrameLayout, frame_layout_of
from diag.collect.cpython.frames import Frame, Frames, FrameUnreadableError
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.look import enter
from diag.collect.cpython.mappings import OddObjectError
from diag.collect.cpython.places import Places
from diag.collect.cpython.tasks import Tasks
from diag.collect.cpython.turns import Level, Look, summarise
from diag.collect.maps import read_maps
from diag.collect.memory import Memory, MemoryUnreadableError
from diag.model.process import Process
from diag.model.sample import Turns

MAX_FRAMES = 200
_LOOKED_INTO = 4  # innermost frames
_NUMBERS = ("int", "float")
_HARMLESS = CALLED | {
    "bool",
    "NoneType",
    "module",
    "code",
    "BaseException",
    "Event",
    "Condition",
    "Semaphore",
    "Queue",
    "Future",
    "Thread",
    "Popen",
    "BaseProcess",
    "_thread.lock",
    "_thread.RLock",
    "_queue.SimpleQueue",
}
_UNREADABLE = (MemoryUnreadableError, FrameUnreadableError, OddObjectError)


class TurnsReader:
    """Looks again and again at threads of one process; close it after use."""

    def __init__(
        self, memory: Memory, interior: Interior, layout: FrameLayout, idents: frozenset[int]
    ) -> None:
        self._memory = memory
        self._contents = Contents(interior, layout)
        self._frames = Frames(memory, interior.types, layout)
        self._entered = Entered(memory, interior.types, layout, interior.version)
        self._exits = Exits(memory, interior.types, self._contents.values, interior.version)
        self._places = Places(memory, self._contents.values, layout, interior.version)
        self._states = {
            state.ident: state.address for state in interior.runtime.states if state.ident in idents
        }
        self._looks: dict[int, list[Look]] = {ident: [] for ident in self._states}

    def look(self) -> None:
        """Look once at every thread; what moves too fast to be read is left out."""
        for ident, state in self._states.items():
            try:
                self._looks[ident].append(self._read(state))
            except _UNREADABLE:
                continue

    def finish(self) -> dict[int, Turns]:
        """Close the memory; return what was seen, by the threads' idents."""
        found = {}
        for ident, looks in self._looks.items():
            try:
                turns = summarise(looks, self._places.of)
            except _UNREADABLE:
                continue
            if turns is not None:
                found[ident] = turns
        self._memory.close()
        return found

    def _read(self, state: int) -> Look:
        frames: list[Frame] = []
        for frame in self._frames.of(state):
            frames.append(frame)
            if len(frames) > MAX_FRAMES:
                raise FrameUnreadableError("too many frames")
        if not frames:
            raise FrameUnreadableError("no frames")
        place = frames[0].code.address, frames[0].offset
        frames.reverse()
        asked = None
        for number, frame in enumerate(frames):
            if (asked := asks(self._places.of(frame))) is not None:
                del frames[number:]
                break
        if not frames:
            raise FrameUnreadableError("no frames")
        inner = frames[-_LOOKED_INTO:]
        levels = tuple(self._level(frame) for frame in inner)
        if asked is None:
            name = callee(self._memory, self._contents.values, self._contents.slots(frames[-1]))
            asked = name if name in ASKING else None
        return Look(
            path=tuple((frame.address, frame.code.address) for frame in frames),
            levels=levels,
            globals=self._digest(self._contents.globals(frames[-1])),
            asked=asked,
            place=place,
            frames=tuple(frames),
        )

    def _level(self, frame: Frame) -> Level:
        contents = self._contents
        words, slots = contents.locals(frame), contents.slots(frame)
        iterators = [slot for slot in slots if slot and self._iterates(slot)]
        name = callee(self._memory, contents.values, slots)
        hidden = hidden_state(contents.values, slots)
        if name is not None and name in ASKING | PURE:
            name = None
        own = {*words, *contents.globals(frame), *contents.constants(frame)}
        own.update(self._attributes_of(own))
        handled = [slot for slot in slots if slot and slot not in own]
        entered = frozenset(filter(self._entered.is_lock, self._exits.entered(frame)))
        return Level(
            digest=self._digest((*words, *iterators)),
            numbers=frozenset(self._worked_with(handled)),
            values=frozenset(slot for slot in handled if not self._is_harmless(slot)),
            covered=frozenset(own),
            opaque=name or hidden,
            held=entered,
            known=frozenset(filter(self._entered.is_lock, self._reachable(words))),
            tries="acquire" in self._entered.names(frame),
        )

    def _reachable(self, words: tuple[int, ...]) -> Iterator[int]:
        """Yield what variables hold, and the attributes of that."""
        for word in words:
            yield word
            yield from self._contents.values.attributes(word).values()

    def _worked_with(self, slots: list[int]) -> Iterator[bytes]:
        """Yield what lies on a stack for a moment: numbers, and the values of attributes.

        A counter that is some attributes away comes by here, and nowhere else.
        """
        for slot in slots:
            if self._is_a(slot, _NUMBERS):
                yield self._contents.head(slot)[8:]
            for value in self._contents.values.attributes(slot).values():
                if self._is_a(value, _NUMBERS):
                    yield self._contents.head(value)[8:]

    def _attributes_of(self, addresses: set[int]) -> set[int]:
        """Return what is one step away: the digests cover that, and nothing further."""
        values = self._contents.values
        return {
            attribute
            for address in addresses
            if not values.is_a(address, "type", "module", "function")
            for attribute in values.attributes(address).values()
        }

    def _is_harmless(self, address: int) -> bool:
        """Whether it is called or asked, a truth value, or nothing: no work is done with it."""
        kind = self._contents.values.type_of(address)
        if kind is None:
            return True  # what an earlier call has left there, freed since
        return not _HARMLESS.isdisjoint(kind.lineage) or "iter" in kind.name

    def _is_a(self, address: int, names: tuple[str, ...]) -> bool:
        """Whether it is of these types; True and False are no numbers here."""
        values = self._contents.values
        return values.is_a(address, *names) and not values.is_a(address, "bool")

    def _iterates(self, address: int) -> bool:
        kind = self._contents.values.type_of(address)
        return kind is not None and "iter" in kind.name

    def _digest(self, words: tuple[int, ...]) -> bytes:
        digest = hashlib.blake2b(struct.pack(f"<{len(words)}Q", *words), digest_size=16)
        for part in self._contents.inside(words):
            digest.update(part)
        return digest.digest()


def open_turns(process: Process, idents: frozenset[int], access: Access) -> TurnsReader | None:
    """Return a reader of threads of a process, None if it cannot be looked into."""
    try:
        space = read_maps(process.pid, proc_root=access.proc_root)
        memory = access.memory(process.pid)
    except (OSError, MemoryUnreadableError):
        return None
    reader: TurnsReader | None = None
    try:
        build = recognise(process.pid, space, memory, proc_root=access.proc_root)
        tasks = Tasks(process, proc_root=access.proc_root)
        interior, _ = enter(memory, space, build, tasks, process)
        if interior is not None and build is not None and build.version is not None:
            layout = frame_layout_of(build.version, memory, build.runtime)
            if layout is not None:
                reader = TurnsReader(memory, interior, layout, idents)
    except (OSError, MemoryUnreadableError):
        reader = None
    finally:
        if reader is None:
            memory.close()
    return reader
