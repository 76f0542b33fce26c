"""Python objects read by their types: lengths, members, attributes; never a guess.

Each read first looks at the type's name. What is not of the expected type, has
an impossible size or is not mapped is given as None or as empty: a caller can
not tell "not there" from "not readable", and must take neither for a fact.

Layouts (Include/cpython, Objects; measured on 3.9.18 to 3.15.2):

    list        size 16, items* 24       tuple   size 16, items 24 (32 from 3.14 on)
    deque       size 16, left* 24, left index 40; a block is left*, 64 items, right*
    set         used 24, mask 32, table* 40; an entry is key, hash
    SimpleQueue up to 3.12 list* 32, position 40; later a ring: get 32, items* 40,
                capacity 48, size 56
    int         size 16 with sign, digits 24; 3.12: size << 3 | sign 16
    str         length 16, state u32 32, characters 48 or 72, 3.12: 40 or 56
    weakref, cell, module dict 16; bound method: function 16, self 24
"""

import struct
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from diag.collect.cpython.mappings import Mappings, OddObjectError
from diag.collect.cpython.semaphores import TYPE_NAME as SEMLOCK
from diag.collect.cpython.typenames import TypeFacts, Types, is_reference_count
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

MAX_ITEMS = 2000
MAX_TEXT = 200
_MAX_DIGITS = 4
_TEXT_HEAD = struct.Struct("<4QI")  # count, type, length, hash, state: any str has these
_DIGIT_BITS = 30
_BLOCK_ITEMS = 64
_SET_MASK_LIMIT = 1 << 24
_WEAKREFS = frozenset(("weakref", "weakref.ReferenceType", "ReferenceType"))
_DUMMY_HASH = (1 << 64) - 1
_LENGTH_AT = {"list": 16, "tuple": 16, "collections.deque": 16, "dict": 16, "set": 24}
_LENGTH_AT["frozenset"] = 24
_LENGTH_AT["_queue.SimpleQueue"] = 56
_SIMPLE_QUEUE = "_queue.SimpleQueue"

P = ParamSpec("P")
T = TypeVar("T")


def _or_none(read: Callable[P, T]) -> Callable[P, T | None]:
    """Let a read give None for what cannot be read; a used up budget still ends it."""

    @wraps(read)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return read(*args, **kwargs)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, OddObjectError):
            return None

    return guarded


class Values:
    """Reads objects of one process.

    Every method takes an address and gives None where no such object is there.

    Raises:
        MemoryBudgetError: from any method: the process has used up what it was allowed.

    """

    def __init__(self, memory: Memory, types: Types, version: tuple[int, int]) -> None:
        self._memory = memory
        self._types = types
        self._version = version
        self._mappings = Mappings(memory, version)
        self._names: dict[int, str | None] = {}  # of attributes: strings do not change

    def type_of(self, address: int | None) -> TypeFacts | None:
        """Return the type of an object."""
        return self._types.of(address) if address else None

    def class_at(self, address: int) -> TypeFacts | None:
        """Return the class that is at an address."""
        return self._types.at(address)

    def is_a(self, address: int | None, *names: str) -> bool:
        """Return whether there is an object of one of these types, or of a subclass."""
        kind = self.type_of(address)
        return kind is not None and not set(names).isdisjoint(kind.lineage)

    @_or_none
    def length(self, address: int) -> int:
        """Return the length of a list, tuple, deque, dict, set or SimpleQueue."""
        kind = self._known(address, _LENGTH_AT)
        if kind == _SIMPLE_QUEUE and self._version < (3, 13):
            items, position = self._words(address + 32, 2)
            return _size(self._word(self._expect(items, "list") + 16) - position)
        return _size(self._word(address + _LENGTH_AT[kind]))

    @_or_none
    def integer(self, address: int) -> int:
        """Return an int of at most 120 bits, or a bool."""
        if not self.is_a(address, "int"):
            raise OddObjectError("no int")
        (tag,) = struct.unpack("<q", self._memory.read(address + 16, 8))
        if self._version >= (3, 12):
            count, negative = tag >> 3, tag & 3 == 2
        else:
            count, negative = abs(tag), tag < 0
        if not 0 <= count <= _MAX_DIGITS:
            raise OddObjectError("a large int")
        digits = struct.unpack(f"<{count}I", self._memory.read(address + 24, 4 * count))
        value: int = sum(digit << _DIGIT_BITS * index for index, digit in enumerate(digits))
        return -value if negative else value

    @_or_none
    def text(self, address: int) -> str:
        """Return a str of at most `MAX_TEXT` characters."""
        count, at_type, length, _, state = _TEXT_HEAD.unpack(
            self._memory.read(address, _TEXT_HEAD.size)
        )
        kind = self._types.at(at_type) if is_reference_count(count) else None
        if kind is None or "str" not in kind.lineage:
            raise OddObjectError("no str")
        if length > MAX_TEXT:
            raise OddObjectError("a long str")
        width, ascii_only, compact = state >> 2 & 7, state & 1 << 6, state & 1 << 5
        if width not in (1, 2, 4) or not compact:
            raise OddObjectError("a str of an unknown form")
        at = (40, 56) if self._version >= (3, 12) else (48, 72)
        data = self._memory.read(address + at[not ascii_only], length * width)
        encoding = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[width]
        return data.decode(encoding, "replace")

    @_or_none
    def items(self, address: int) -> tuple[int, ...]:
        """Return the members of a list, tuple, deque, set or SimpleQueue; of a set in any order."""
        kind = self._known(address, _READERS)
        count = self.length(address)
        if count is None or count > MAX_ITEMS:
            raise OddObjectError("too many items")
        return _READERS[kind](self, address, count)

    @_or_none
    def pairs(self, address: int) -> tuple[tuple[int, int], ...]:
        """Return the keys and values of a dict."""
        if not self.is_a(address, "dict"):
            raise OddObjectError("no dict")
        return self._mappings.pairs(address)

    @_or_none
    def entry(self, address: int, key: str) -> int:
        """Return the value of a dict for a key that is a str."""
        for name, value in self.pairs(address) or ():
            if self.text(name) == key:
                return value
        raise OddObjectError("no such key")

    def attributes(self, address: int | None) -> dict[str, int]:
        """Return the addresses of an instance's own attributes by name."""
        return self._attributes(address) or {} if address else {}

    @_or_none
    def _attributes(self, address: int) -> dict[str, int]:
        named = self._mappings.attributes(address)
        return {text: value for name, value in named if (text := self._name(name)) is not None}

    def _name(self, address: int) -> str | None:
        if address not in self._names:
            self._names[address] = self.text(address)
        return self._names[address]

    def attribute(self, address: int | None, *path: str) -> int | None:
        """Return the object at the end of a path of attributes."""
        for name in path:
            address = self.attributes(address).get(name)
        return address

    @_or_none
    def referent(self, address: int) -> int:
        """Return what a weak reference, or a subclass of one, refers to."""
        if not self.is_a(address, *_WEAKREFS):
            raise OddObjectError("no weakref")
        target = self._word(address + 16)
        if self.is_a(target, "NoneType"):
            raise OddObjectError("a dead weakref")
        return target

    def unwrapped(self, address: int | None) -> int | None:
        """Return what a cell holds, anything else unchanged: a closure's variables are cells."""
        if not address or not self.is_a(address, "cell"):
            return address
        try:
            return self._word(address + 16) or None
        except MemoryUnreadableError:
            return None

    def is_dead(self, address: int | None) -> bool:
        """Return whether there is a weak reference whose object is gone."""
        if address is None or not self.is_a(address, *_WEAKREFS):
            return False
        try:
            return self.is_a(self._word(address + 16), "NoneType")
        except MemoryUnreadableError:
            return False

    @_or_none
    def semaphore(self, address: int) -> int:
        """Return the value of the semaphore of a `SemLock` (glibc: the low half of its word)."""
        return self._memory.u32(self._word(self._expect(address, SEMLOCK) + 16))

    @_or_none
    def bound_to(self, address: int) -> int:
        """Return the instance that a method is bound to."""
        return self._word(self._expect(address, "method") + 24)

    @_or_none
    def namespace(self, address: int) -> int:
        """Return the dict of a module."""
        return self._word(self._expect(address, "module") + 16)

    def _known(self, address: int, names: dict[str, T]) -> str:
        kind = self.type_of(address)
        found = next((name for name in kind.lineage if name in names), None) if kind else None
        if found is None:
            raise OddObjectError("an object of another type")
        return found

    def _expect(self, address: int, name: str) -> int:
        if not self.is_a(address, name):
            raise OddObjectError(f"no {name}")
        return address

    def _word(self, address: int) -> int:
        return self._memory.u64(address)

    def _words(self, address: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}Q", self._memory.read(address, 8 * count)) if count else ()

    def _of_list(self, address: int, count: int) -> tuple[int, ...]:
        return self._words(self._word(address + 24), count)

    def _of_tuple(self, address: int, count: int) -> tuple[int, ...]:
        return self._words(address + (32 if self._version >= (3, 14) else 24), count)

    def _of_deque(self, address: int, count: int) -> tuple[int, ...]:
        block, index = self._word(address + 24), self._word(address + 40)
        found: list[int] = []
        while len(found) < count:
            if index > _BLOCK_ITEMS:
                raise OddObjectError("a deque's index is beyond its block")
            here = min(_BLOCK_ITEMS - index, count - len(found))
            found.extend(self._words(block + 8 + 8 * index, here))
            block, index = self._word(block + 8 + 8 * _BLOCK_ITEMS), 0
        return tuple(found)

    def _of_set(self, address: int, count: int) -> tuple[int, ...]:
        mask, table = self._words(address + 32, 2)
        if mask >= _SET_MASK_LIMIT or mask & mask + 1:
            raise OddObjectError("a set's table has an impossible size")
        entries = struct.iter_unpack("<QQ", self._memory.read(table, 16 * (mask + 1)))
        keys = tuple(key for key, hash_ in entries if key and hash_ != _DUMMY_HASH)
        if len(keys) != count:
            raise OddObjectError("a set that changes, or is not laid out as expected")
        return keys

    def _of_simple_queue(self, address: int, count: int) -> tuple[int, ...]:
        if self._version < (3, 13):
            items, position = self._words(address + 32, 2)
            return self._words(self._word(items + 24) + 8 * position, count)
        first, items, capacity = self._words(address + 32, 3)
        if not count <= capacity <= MAX_ITEMS * 64 or first >= capacity:
            raise OddObjectError("a ring of an impossible size")
        ring = self._words(items, capacity)
        return tuple(ring[(first + index) % capacity] for index in range(count))


_READERS: dict[str, Callable[[Values, int, int], tuple[int, ...]]] = {
    "list": Values._of_list,
    "tuple": Values._of_tuple,
    "collections.deque": Values._of_deque,
    "set": Values._of_set,
    "frozenset": Values._of_set,
    _SIMPLE_QUEUE: Values._of_simple_queue,
}


def _size(number: int) -> int:
    if not 0 <= number < 1 << 40:
        raise OddObjectError("an impossible length")
    return number
