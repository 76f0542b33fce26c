"""How much memory objects hold: of common types, by their headers; of others what they refer to.

Sizes (Include/cpython, Objects, Modules/arraymodule.c, numpy's ndarraytypes.h):

    bytes        length 16             bytearray    allocated 24
    str          length 16, state 32   list         allocated 32
    set          mask 32               array.array  allocated 32, type* 40 (size of an item 4)
    ndarray      dimensions i32 24, sizes* 32, strides* 40, base* 48 if it is a view

What many objects share is counted once; what is of no type known here counts with its head only.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from diag.collect.cpython.mappings import OddObjectError
from diag.collect.cpython.members import Members
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

MAX_OBJECTS = 300  # looked at for one item
MAX_DEPTH = 8
_MOST_MEMBERS = 16  # looked at of one container; the others are taken to be like them
_LARGEST = 1 << 40
_HEAD = 56
_MOST_DIMENSIONS = 64
_SHARED = ("type", "module", "function", "builtin_function_or_method", "method_descriptor")
_SEQUENCES = ("list", "tuple", "collections.deque")
_SETS = ("set", "frozenset")


class Estimate(NamedTuple):
    """What several objects hold, from some of them.

    Attributes:
        sampled: how many were looked at.
        held_bytes: of all of them, by these; None without a sample.

    """

    sampled: int
    held_bytes: int | None


class Sizes:
    """Adds up what objects of one process hold.

    Raises:
        MemoryBudgetError: from any method: the process has used up what it was allowed.

    """

    def __init__(self, memory: Memory, values: Values, members: Members) -> None:
        self._memory, self._values, self._members_of = memory, values, members
        self._seen: set[int] = set()
        self._left = 0

    def estimate(self, samples: Sequence[Iterable[int]], count: int) -> Estimate:
        """Return what `count` items hold, from samples of them: each the objects of one item.

        The first item also pays for what all share, so the others tell what one holds alone.
        """
        if not samples:
            return Estimate(0, None)
        self._seen = set()
        first, *others = [self._item(sample) for sample in samples]
        alone = sum(others) / len(others) if others else first
        return Estimate(len(samples), int(first + alone * (count - 1)))

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
            size = kind.basic_size
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
            return 100 * count + _extrapolated(each, count)
        if any(name in _SEQUENCES or name in _SETS for name in lineage):
            count = self._values.length(address) or 0
            some = self._members_of.some(address, _MOST_MEMBERS)
            return _extrapolated([self._of(member, depth) for member in some], count)
        if "numpy.ndarray" in lineage:
            return self._of(self._memory.u64(address + 48), depth) if self._is_view(address) else 0
        return sum(self._of(value, depth) for value in self._values.attributes(address).values())


def _extrapolated(sizes: list[float], count: int) -> float:
    return sum(sizes) / len(sizes) * max(count, len(sizes)) if sizes else 0.0
