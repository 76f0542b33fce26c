"""How much memory objects hold: of common types, by their headers; of others what they refer to.

Sizes (Include/cpython, Objects, Modules/arraymodule.c, numpy's ndarraytypes.h):

    bytes        length 16             bytearray    allocated 24
    str          length 16, state 32   list         allocated 32
    set          mask 32               array.array  allocated 32, type* 40 (size of an item 4)
    ndarray      data* 16, dimensions i32 24, sizes* 32, strides* 40, base* 48 if it is a view,
                 dtype* 56, whose kind (char 24) is "O" for an array of objects

Other objects refer to what they hold in their attributes, or in a word of their own: so do those
of extension modules such as pandas' managers of blocks. What keeps its data outside of such
objects, as Arrow's buffers do, counts with its head only, and is named.
What many objects share is counted once.
"""

import struct
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from diag.collect.cpython.mappings import OddObjectError, spread
from diag.collect.cpython.members import Members
from diag.collect.cpython.typenames import TypeFacts
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

MAX_OBJECTS = 300  # looked at for one item
MAX_DEPTH = 8
_MOST_MEMBERS = 16  # looked at of one container; the others are taken to be like them
_LARGEST = 1 << 40
_HEAD = 56
_MOST_DIMENSIONS = 64
_SHARED = (
    "type",
    "module",
    "function",
    "builtin_function_or_method",
    "method_descriptor",
    "weakref",
    "weakref.ReferenceType",
)
_NUMBERS = frozenset(("int", "float", "complex", "NoneType"))
_WORD = 8
_U64 = struct.Struct("<Q")
_SEQUENCES = ("list", "tuple", "collections.deque")
_SETS = ("set", "frozenset")


class Estimate(NamedTuple):
    """What several objects hold, from some of them.

    Attributes:
        sampled: how many were looked at.
        held_bytes: of all of them, by these; None without a sample.
        unsized: names of types that may hold more than could be read.

    """

    sampled: int
    held_bytes: int | None
    unsized: tuple[str, ...] = ()


class Sizes:
    """Adds up what objects of one process hold.

    Raises:
        MemoryBudgetError: from any method: the process has used up what it was allowed.

    """

    def __init__(self, memory: Memory, values: Values, members: Members) -> None:
        self._memory, self._values, self._members_of = memory, values, members
        self._seen: set[int] = set()
        self._unsized: set[str] = set()
        self._left = 0

    def estimate(self, samples: Sequence[Iterable[int]], count: int) -> Estimate:
        """Return what `count` items hold, from samples of them: each the objects of one item.

        The first item also pays for what all share, so the others tell what one holds alone.
        """
        if not samples:
            return Estimate(0, None)
        self._seen, self._unsized = set(), set()
        first, *others = [self._item(sample) for sample in samples]
        alone = sum(others) / len(others) if others else first
        held_bytes = int(first + alone * (count - 1))
        return Estimate(len(samples), held_bytes, tuple(sorted(self._unsized)))

    def _item(self, objects: Iterable[int]) -> float:
        self._left = MAX_OBJECTS
        return sum(self._of(address, MAX_DEPTH) for address in objects)

    def _of(self, address: int, depth: int) -> float:
        kind = self._values.type_of(address)
        if kind is None or address in self._seen or self._left <= 0 or depth <= 0:
            return 0.0
        if any(name in _SHARED for name in kind.lineage):
            return 0.0
        self._seen.add(address)
        self._left -= 1
        try:
            size = self._alone(address, kind.lineage)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, OddObjectError):
            return 0.0
        if size is None:
            return kind.basic_size + self._of_other(address, kind, depth - 1)
        return min(size, _LARGEST) + self._members(address, kind.lineage, depth - 1)

    def _alone(self, address: int, lineage: tuple[str, ...]) -> float | None:
        """Return what an object takes itself, None if its type is not known here."""
        word = self._memory.u64
        if "bytes" in lineage:
            return _HEAD + word(address + 16)
        if "bytearray" in lineage:
            return _HEAD + word(address + 24)
        if "str" in lineage:
            return _HEAD + word(address + 16) * (self._memory.u32(address + 32) >> 2 & 7)
        if "list" in lineage:
            return _HEAD + 8 * word(address + 32)
        if "array.array" in lineage:
            return _HEAD + word(address + 32) * self._memory.u32(word(address + 40) + 4)
        if "dict" in lineage:
            return 100 * (self._values.length(address) or 0)
        if any(name in _SEQUENCES for name in lineage):
            return _HEAD + 8 * (self._values.length(address) or 0)
        if any(name in _SETS for name in lineage):
            return 16 * (word(address + 32) + 1)
        if "numpy.ndarray" in lineage:
            return 0 if self._is_view(address) else self._of_array(address)
        return None

    def _is_view(self, array: int) -> bool:
        return self._values.is_a(self._memory.u64(array + 48), "numpy.ndarray")

    def _of_array(self, array: int) -> float:
        """Return the extent of an ndarray, which its widest dimension spans."""
        dimensions = self._memory.u32(array + 24)
        if dimensions > _MOST_DIMENSIONS:
            raise OddObjectError("an array of too many dimensions")
        if not dimensions:
            return _HEAD
        form, width = f"<{dimensions}q", 8 * dimensions
        lengths = struct.unpack(form, self._memory.read(self._memory.u64(array + 32), width))
        strides = struct.unpack(form, self._memory.read(self._memory.u64(array + 40), width))
        extents = [abs(length * step) for length, step in zip(lengths, strides, strict=True)]
        return float(_HEAD + max(extents))

    def _members(self, address: int, lineage: tuple[str, ...], depth: int) -> float:
        if "dict" in lineage:
            count = self._values.length(address) or 0
            pairs = self._members_of.some_pairs(address, _MOST_MEMBERS)
            each = [self._of(key, depth) + self._of(value, depth) for key, value in pairs]
            return _extrapolated(each, count)
        if any(name in _SEQUENCES or name in _SETS for name in lineage):
            count = self._values.length(address) or 0
            some = self._members_of.some(address, _MOST_MEMBERS)
            return _extrapolated([self._of(member, depth) for member in some], count)
        if "numpy.ndarray" in lineage:
            if self._is_view(address):
                return self._of(self._memory.u64(address + 48), depth)
            return self._of_elements(address, depth)
        return 0.0

    def _of_elements(self, array: int, depth: int) -> float:
        """Return what an array refers to, if it is one of objects that follow one another."""
        word = self._memory.u64
        if self._memory.read(word(array + 56) + 24, 1) != b"O" or self._memory.u32(array + 24) != 1:
            return 0.0
        count, step = word(word(array + 32)), word(word(array + 40))
        places = spread(count, _MOST_MEMBERS) if step == _WORD else ()
        some = [self._of(word(word(array + 16) + _WORD * place), depth) for place in places]
        return _extrapolated(some, count)

    def _of_other(self, address: int, kind: TypeFacts, depth: int) -> float:
        """Return what an object of no type known here refers to."""
        values = set(self._values.attributes(address).values())
        if kind.genuine and _NUMBERS.isdisjoint(kind.lineage):
            values |= self._referred(address, kind.basic_size)
            if not values and not _is_of_python(kind.name):
                self._unsized.add(kind.name)
        return sum(self._of(value, depth) for value in values)

    def _referred(self, address: int, size: int) -> set[int]:
        """Return the objects to which a word of an object points."""
        head = self._memory.read(address, size - size % _WORD)
        words = (word for (word,) in _U64.iter_unpack(head[2 * _WORD :]))
        kinds = {word: self._values.type_of(word) for word in words if word % _WORD == 0}
        return {word for word, kind in kinds.items() if kind is not None and kind.genuine}


def _is_of_python(type_name: str) -> bool:
    """Whether it is a type of Python's own, whose instances are small."""
    module, dot, _ = type_name.rpartition(".")
    return not dot or (module != "builtins" and module.split(".")[0] in sys.stdlib_module_names)


def _extrapolated(sizes: list[float], count: int) -> float:
    return sum(sizes) / len(sizes) * max(count, len(sizes)) if sizes else 0.0
