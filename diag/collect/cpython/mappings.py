"""Where dicts and instances keep their keys and values, version by version.

Dicts (Objects/dictobject.c, measured): keys* 32, values* 40, NULL unless the dict
shares its keys with others of its class.

    keys, 3.9, 3.10  size 8, entries 32, indices 40; an entry is hash, key, value
    keys, 3.11       log2 of the indices' bytes u8 9, kind u8 10, entries 24, indices
                     32; kind 0 has entries of hash, key, value, else of key, value
    values           an array of values; 3.13: after a head of 8 bytes

Instances (Include/internal/pycore_object.h, measured): the values of the keys that
their class has cached, or a dict.

    3.9, 3.10  a dict at tp_dictoffset; later too where the class is derived from one in C
               that has its dict there (_asyncio.Future up to 3.12)
    3.11       values* -32, dict* -24
    3.12       -24: values* - 1 if odd, else dict*
    3.13       dict* -24, or else values in the object after tp_basicsize
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diag.collect.cpython.layout import OBJECT_TYPE, TYPE_BASIC_SIZE, TYPE_FLAGS
from diag.collect.memory import Memory

MAX_ENTRIES = 20_000
_DICT_KEYS = 32
_DICT_OFFSET = 288
_HEAP_TYPE = 1 << 9
_MANAGED_DICT = 1 << 4
_INLINE_VALUES = 1 << 2
_CACHED_KEYS = {(3, 11): 0x368, (3, 12): 0x370, (3, 13): 0x370, (3, 14): 0x370, (3, 15): 0x378}

_WITH_HASH, _WITHOUT_HASH = struct.Struct("<QQQ"), struct.Struct("<QQ")
_LARGEST_SAMPLED = 1 << 26
_ENTRIES_EACH = 8

Pairs = tuple[tuple[int, int], ...]


class _Table(NamedTuple):
    """Where the entries of a dict are, how many places there are for them, and their form."""

    address: int
    entries: int
    form: struct.Struct


class OddObjectError(Exception):
    """An object that does not look as expected."""


class Mappings:
    """Reads dicts and instances of one process, each set of shared keys once."""

    def __init__(self, memory: Memory, version: tuple[int, int]) -> None:
        self._memory = memory
        self._version = version
        self._entries: dict[int, Pairs] = {}

    def pairs(self, address: int) -> Pairs:
        """Return the keys and values of a dict.

        Raises:
            OddObjectError: it is not laid out as expected.
            MemoryUnreadableError: it cannot be read.

        """
        keys, values = struct.unpack("<QQ", self._memory.read(address + _DICT_KEYS, 16))
        if not values:
            return _present(self._read_entries(keys))
        names = self._shared(keys)
        return self._with_values(names, values + (8 if self._version >= (3, 13) else 0))

    def attributes(self, address: int) -> Pairs:
        """Return the names and values of an instance's own attributes.

        Raises:
            OddObjectError: it has none that can be found.
            MemoryUnreadableError: they cannot be read.

        """
        memory, version = self._memory, self._version
        kind = memory.u64(address + OBJECT_TYPE)
        flags = memory.u64(kind + TYPE_FLAGS)
        if version <= (3, 10) or not flags & _MANAGED_DICT:
            (offset,) = struct.unpack("<q", memory.read(kind + _DICT_OFFSET, 8))
            if offset <= 0:
                raise OddObjectError("an instance without a dict of its own")
            return self._dict_at(address + offset)
        if not flags & _HEAP_TYPE:
            raise OddObjectError("an instance without a dict")
        values = self._values_of(address, kind, flags)
        if values is None:
            return self._dict_at(address - 24)
        names = self._shared(memory.u64(kind + _CACHED_KEYS[version]))
        return self._with_values(names, values)

    def _values_of(self, address: int, kind: int, flags: int) -> int | None:
        """Return where an instance's values begin, None if it has a dict instead."""
        memory = self._memory
        if self._version == (3, 11):
            return memory.u64(address - 32) or None
        word = memory.u64(address - 24)
        if self._version == (3, 12):
            return word + 1 if word & 1 else None
        if word:
            return None
        values = address + memory.u64(kind + TYPE_BASIC_SIZE)
        if not flags & _INLINE_VALUES or not memory.u8(values + 3):
            raise OddObjectError("an instance without attributes")
        return values + 8

    def _dict_at(self, place: int) -> Pairs:
        mapping = self._memory.u64(place)
        return self.pairs(mapping) if mapping else ()

    def _with_values(self, names: Pairs, values: int) -> Pairs:
        count = len(names)
        words = struct.unpack(f"<{count}Q", self._memory.read(values, 8 * count)) if count else ()
        return _present(zip((name for name, _ in names), words, strict=True))

    def _shared(self, keys: int) -> Pairs:
        if keys not in self._entries:
            self._entries[keys] = self._read_entries(keys)
        return self._entries[keys]

    def some_pairs(self, address: int, most: int) -> Pairs:
        """Return at most so many keys and values, from all over a dict of any size.

        Raises:
            OddObjectError: it is not laid out as expected.
            MemoryUnreadableError: it cannot be read.

        """
        keys, values = struct.unpack("<QQ", self._memory.read(address + _DICT_KEYS, 16))
        if values:
            return self.pairs(address)[:most]
        table = self._table(keys, limit=_LARGEST_SAMPLED)
        # What has been deleted leaves an empty entry, at the front of a queue's most of all.
        places = spread(table.entries, most * _ENTRIES_EACH)
        found = _present(self._entry(table, place) for place in places)
        return tuple(found[place] for place in spread(len(found), most))

    def _entry(self, table: _Table, place: int) -> tuple[int, int]:
        size = table.form.size
        *_, key, value = table.form.unpack(self._memory.read(table.address + size * place, size))
        return key, value

    def _read_entries(self, keys: int) -> Pairs:
        table = self._table(keys, limit=MAX_ENTRIES)
        data = self._memory.read(table.address, table.form.size * table.entries)
        return tuple((key, value) for *_, key, value in table.form.iter_unpack(data))

    def _table(self, keys: int, *, limit: int) -> _Table:
        memory = self._memory
        if self._version <= (3, 10):
            size, entries = memory.u64(keys + 8), _count(memory.u64(keys + 32), limit)
            width = 1 if size <= 0xFF else 2 if size <= 0xFFFF else 4
            return _Table(keys + 40 + _count(size, 2 * limit) * width, entries, _WITH_HASH)
        log2_bytes, kind = memory.read(keys + 9, 2)
        entries = _count(memory.u64(keys + 24), limit)
        if log2_bytes > 28 or kind > 2:
            raise OddObjectError("keys of an unknown form")
        form = _WITH_HASH if kind == 0 else _WITHOUT_HASH
        return _Table(keys + 32 + (1 << log2_bytes), entries, form)


def spread(length: int, most: int) -> Iterator[int]:
    """Yield at most so many places, evenly spread over a length."""
    count = min(length, most)
    return (place * length // count for place in range(count))


def _present(entries: Iterable[tuple[int, int]]) -> Pairs:
    return tuple((key, value) for key, value in entries if key and value)


def _count(number: int, limit: int) -> int:
    if number > limit:
        raise OddObjectError("a mapping too large to be read")
    return number
