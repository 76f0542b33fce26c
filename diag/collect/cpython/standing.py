"""What a running thread has in its hands: a digest that stays the same while it makes no progress.

It is made of the frames, of what their variables refer to, and of the heads of these
objects (numbers, lengths, positions of iterators), of the attributes of instances, and
of the globals of the innermost frame. Nothing of it can be read back from the digest.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator

from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.frames import Frame, Frames, FrameUnreadableError
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.places import Places
from diag.collect.cpython.values import Values
from diag.collect.memory import MemoryBudgetError, MemoryUnreadableError
from diag.model.thread import Standing

ATTEMPTS = 3
MAX_FRAMES = 500
_LOOKED_INTO = 3  # innermost frames
_MOST_OBJECTS = 300
_HEAD, _HEAD_BYTES = 16, 48  # of an object: from after its count and type, to where
_MOST_ITEM_BYTES = 64
_WITH_ITEMS = {"int": 4, "str": 1, "bytes": 1, "tuple": 8}  # after the head: bytes of each
_TAG = 0b111
_PATTERN = "re.Pattern"
# What lies at the bottom of a stack during a call, or beneath it in a `for`.
_CALLED = frozenset(
    (
        "builtin_function_or_method",
        "method_descriptor",
        "method",
        "function",
        "type",
        "wrapper_descriptor",
        "method-wrapper",
        "classmethod_descriptor",
        "functools.partial",
        "generator",
        "enumerate",
        "zip",
        "map",
        "filter",
        "reversed",
    )
)
_CALL_LOOKS = 5
_RE_FILES = ("/re.py", "/re/__init__.py")
# 3.9, 3.10: numbers of locals, and the tuples of free and cell variables, in the code
_LOCALS, _FREE, _CELLS, _TUPLE_SIZE = 28, 80, 88, 16


class StandingReader:
    """Reads the running threads of one process."""

    def __init__(self, interior: Interior, layout: FrameLayout) -> None:
        self._memory = interior.memory
        self._version = interior.version
        self._layout = layout
        self._values = Values(interior.memory, interior.types, interior.version)
        self._frames = Frames(interior.memory, interior.types, layout)
        self._places = Places(interior.memory, self._values, layout, interior.version)

    def read(self, state: int) -> Standing | None:
        """Return the digest of a thread, None if it moves on while it is read.

        Raises:
            MemoryBudgetError: the process has used up what it was allowed.

        """
        before: Standing | None = None
        for _ in range(ATTEMPTS):
            try:
                now = self._read_once(state)
            except MemoryBudgetError:
                raise
            except (MemoryUnreadableError, FrameUnreadableError):
                continue
            if now == before:
                return now
            before = now
        return None

    def _read_once(self, state: int) -> Standing:
        found: list[Frame] = []
        for frame in self._frames.of(state):
            found.append(frame)
            if len(found) > MAX_FRAMES:
                raise FrameUnreadableError("too many frames")
        if not found:
            raise FrameUnreadableError("no frames")
        digest = hashlib.blake2b(digest_size=16)
        for number, frame in enumerate(found):
            words = self._locals(frame)
            digest.update(
                struct.pack(f"<{len(words) + 2}Q", frame.address, frame.code.address, *words)
            )
            if number < _LOOKED_INTO:
                for part in self._inside(words):
                    digest.update(part)
        for part in self._inside(self._globals(found[0])):
            digest.update(part)
        return Standing(
            digest=digest.hexdigest(),
            matching=self._is_matching(found[0]),
            calling=self._is_calling(found[0]),
        )

    def _locals(self, frame: Frame) -> tuple[int, ...]:
        count = frame.code.locals
        if self._version <= (3, 10):
            code = frame.code.address
            count = self._memory.i32(code + _LOCALS)
            for variables in (_FREE, _CELLS):
                count += self._memory.u64(self._memory.u64(code + variables) + _TUPLE_SIZE)
        if not 0 <= count <= _MOST_OBJECTS:
            raise FrameUnreadableError("too many variables")
        data = self._memory.read(frame.address + self._layout.locals, 8 * count)
        return tuple(word & ~_TAG for word in struct.unpack(f"<{count}Q", data))

    def _globals(self, frame: Frame) -> tuple[int, ...]:
        pairs = self._values.pairs(frame.globals & ~_TAG) or ()
        return tuple(value for _, value in pairs[:_MOST_OBJECTS])

    def _inside(self, addresses: Iterable[int]) -> Iterator[bytes]:
        """Yield the heads of objects, and of their attributes."""
        for address in addresses:
            yield self._head(address)
            if not self._values.is_a(address, "type", "module", "function"):
                for value in self._values.attributes(address).values():
                    yield self._head(value)

    def _head(self, address: int) -> bytes:
        """Return an object's address, and as much of it as tells whether it has changed.

        An address alone does not: a new object often gets the place of the old one.
        """
        kind = self._values.type_of(address)
        if kind is None:
            return struct.pack("<Q", address)
        size = min(kind.basic_size, _HEAD_BYTES)
        try:
            if not set(kind.lineage).isdisjoint(_WITH_ITEMS):
                size = kind.basic_size + self._items_bytes(address, kind.name)
            return struct.pack("<Q", address) + self._memory.read(address + _HEAD, size - _HEAD)
        except MemoryBudgetError:
            raise
        except MemoryUnreadableError:
            return struct.pack("<Q", address)

    def _items_bytes(self, address: int, name: str) -> int:
        count = self._memory.u64(address + _HEAD)
        if name == "int":
            count = abs(struct.unpack("<q", struct.pack("<Q", count))[0])
            count = count >> 3 if self._version >= (3, 12) else count
        return min(count * _WITH_ITEMS.get(name, 1), _MOST_ITEM_BYTES)

    def _slots(self, frame: Frame) -> tuple[int, ...]:
        """Return all of a frame's stack, live or not."""
        base = frame.address + self._layout.locals + 8 * frame.code.locals
        if self._layout.stack is not None:
            base = self._memory.u64(frame.address + self._layout.stack)
        size = min(frame.code.stack_size, _MOST_OBJECTS)
        slots = struct.unpack(f"<{size}Q", self._memory.read(base, 8 * size))
        return tuple(slot & ~_TAG for slot in slots)

    def _is_matching(self, frame: Frame) -> bool:
        """Whether its innermost frame is one that hands a text to a regular expression."""
        if self._places.file_of(frame).endswith(_RE_FILES):
            return True
        return any(self._values.is_a(slot, _PATTERN) for slot in self._slots(frame) if slot)

    def _is_calling(self, frame: Frame) -> bool:
        """Whether it may be in a call: then its progress may be where it is not looked for.

        What is called lies at the bottom of the stack of a statement (above a null on
        3.11 and 3.12), or above the iterator of a `for`, which is taken for a call, too.
        """
        for _ in range(_CALL_LOOKS):
            slots = self._slots(frame)
            bottom = next((slot for slot in slots if slot), 0)
            kind = self._values.type_of(bottom) if bottom else None
            if kind is not None and (not _CALLED.isdisjoint(kind.lineage) or "iter" in kind.name):
                return True
        return False
