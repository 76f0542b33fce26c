"""What the variables of a frame refer to, as bytes that change when it changes.

Nothing is kept of it but digests. Looked at are the heads of objects (numbers, lengths,
positions of iterators), the members of small containers and the attributes of instances:
what is two steps away from a variable is not.
"""

import struct
from collections.abc import Iterable, Iterator

from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.frames import Frame, FrameUnreadableError
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.values import Values
from diag.collect.memory import MemoryBudgetError, MemoryUnreadableError

_MOST_OBJECTS = 300
_MOST_MEMBERS = 32
_CONTAINERS = ("list", "tuple", "dict", "set", "collections.deque")
_HEAD, _HEAD_BYTES = 16, 48  # of an object: from after its count and type, to where
_MOST_ITEM_BYTES = 64
_WITH_ITEMS = {"int": 4, "str": 1, "bytes": 1, "tuple": 8}  # after the head: bytes of each
_STATELESS = frozenset(("_thread.lock", "_thread.RLock"))  # to take one is no progress
_TAG = 0b111
# 3.9, 3.10: numbers of locals, and the tuples of free and cell variables, in the code
_LOCALS, _FREE, _CELLS, _TUPLE_SIZE = 28, 80, 88, 16


class Contents:
    """Reads what the frames of one process refer to."""

    def __init__(self, interior: Interior, layout: FrameLayout) -> None:
        self.values = Values(interior.memory, interior.types, interior.version)
        self._memory = interior.memory
        self._version = interior.version
        self._layout = layout

    def locals(self, frame: Frame) -> tuple[int, ...]:
        """Return the addresses that a frame's variables hold."""
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

    def globals(self, frame: Frame) -> tuple[int, ...]:
        """Return the addresses of the values of a frame's globals."""
        pairs = self.values.pairs(frame.globals & ~_TAG) or ()
        return tuple(value for _, value in pairs[:_MOST_OBJECTS])

    def constants(self, frame: Frame) -> tuple[int, ...]:
        """Return the addresses of the constants of a frame's code (`co_consts`; measured)."""
        at = 56 if self._version < (3, 11) else 24
        return self.values.items(self._memory.u64(frame.code.address + at)) or ()

    def slots(self, frame: Frame) -> tuple[int, ...]:
        """Return all of a frame's stack, live or not."""
        base = frame.address + self._layout.locals + 8 * frame.code.locals
        if self._layout.stack is not None:
            base = self._memory.u64(frame.address + self._layout.stack)
        size = min(frame.code.stack_size, _MOST_OBJECTS)
        slots = struct.unpack(f"<{size}Q", self._memory.read(base, 8 * size))
        return tuple(slot & ~_TAG for slot in slots)

    def inside(self, addresses: Iterable[int]) -> Iterator[bytes]:
        """Yield the heads of objects, of their members, and of their attributes."""
        for place in addresses:
            yield self.head(place)
            address = self.values.unwrapped(place) or place  # what a closure's cell holds
            if address != place:
                yield self.head(address)
            if self.values.is_a(address, "type", "module", "function"):
                continue
            for value in (*self._members(address), *self.values.attributes(address).values()):
                yield self.head(value)

    def _members(self, address: int) -> tuple[int, ...]:
        if not self.values.is_a(address, *_CONTAINERS):
            return ()
        if self.values.is_a(address, "dict"):
            found = tuple(value for _, value in self.values.pairs(address) or ())
        else:
            found = self.values.items(address) or ()
        return found[:_MOST_MEMBERS]

    def head(self, address: int) -> bytes:
        """Return an object's address, and as much of it as tells whether it has changed.

        An address alone does not: a new object often gets the place of the old one.
        """
        kind = self.values.type_of(address)
        if kind is None or not _STATELESS.isdisjoint(kind.lineage):
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
