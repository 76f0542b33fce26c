"""The types of objects, by which memory is recognised as being an object at all."""

import struct
from typing import NamedTuple

from diag.collect.cpython.layout import (
    OBJECT_TYPE,
    TYPE_BASE,
    TYPE_BASIC_SIZE,
    TYPE_NAME,
)
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

MAX_BASES = 8
MAX_BASIC_SIZE = 4096
_HEAD_BYTES = TYPE_BASE + 8
_U64 = struct.Struct("<Q")


class TypeFacts(NamedTuple):
    """A type object, as far as it is needed.

    Attributes:
        name: its `tp_name`: "_thread.RLock".
        lineage: its name and those of its bases, nearest first.
        basic_size: bytes of an instance.
        genuine: whether its own type is `type`, and its size possible.

    """

    name: str
    lineage: tuple[str, ...]
    basic_size: int
    genuine: bool


class Types:
    """The types of one process, each read once."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._known: dict[int, TypeFacts | None] = {}

    def of(self, address: int) -> TypeFacts | None:
        """Return the type of the object at `address`; None if none is there.

        Raises:
            MemoryBudgetError: the process has used up what it was allowed.

        """
        try:
            count, kind = struct.unpack("<QQ", self._memory.read(address, OBJECT_TYPE + 8))
        except MemoryBudgetError:
            raise
        except MemoryUnreadableError:
            return None
        return self.at(kind) if is_reference_count(count) else None

    def at(self, address: int) -> TypeFacts | None:
        """Return the type object at `address`; None if none is there."""
        if address not in self._known:
            try:
                self._known[address] = self._read(address)
            except MemoryBudgetError:
                raise
            except MemoryUnreadableError:
                self._known[address] = None
        return self._known[address]

    def _read(self, address: int) -> TypeFacts:
        names: list[str] = []
        head = self._memory.read(address, _HEAD_BYTES)
        basic_size = _U64.unpack_from(head, TYPE_BASIC_SIZE)[0]
        metatype = _U64.unpack_from(head, OBJECT_TYPE)[0]
        while True:
            names.append(self._memory.c_string(_U64.unpack_from(head, TYPE_NAME)[0], limit=128))
            base = _U64.unpack_from(head, TYPE_BASE)[0]
            if not base or len(names) >= MAX_BASES:
                break
            head = self._memory.read(base, _HEAD_BYTES)
        meta_name = _U64.unpack_from(self._memory.read(metatype, _HEAD_BYTES), TYPE_NAME)[0]
        genuine = (
            self._memory.c_string(meta_name, limit=8) == "type"
            and 2 * 8 <= basic_size < MAX_BASIC_SIZE
        )
        return TypeFacts(names[0], tuple(names), basic_size, genuine)


def is_reference_count(word: int) -> bool:
    """Return whether the first word of an object can belong to a living one.

    A freed block begins with 0 or with the address of the next free block
    (Objects/obmalloc.c), which is below 1 << 47. Counts of living objects fit 32
    bits, immortal ones too; from 3.14 on the two bytes at the top are flags.
    """
    return 0 < word & (1 << 48) - 1 < 1 << 32
