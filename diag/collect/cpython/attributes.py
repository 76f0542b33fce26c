"""The values of an object's attributes, without their names.

Where an instance keeps them (Include/internal/pycore_object.h, measured):

    3.9, 3.10  a dict at tp_dictoffset
    3.11       a values array at -32, or a dict at -24
    3.12       at -24: a values array (+1), or a dict
    3.13       a dict at -24, or else values in the object after tp_basicsize
"""

import struct

from diag.collect.cpython.layout import OBJECT_TYPE, TYPE_BASIC_SIZE, TYPE_FLAGS
from diag.collect.memory import Memory

MAX_VALUES = 256
_DICT_OFFSET = 288
_MANAGED_DICT = 1 << 4
_INLINE_VALUES = 1 << 2
_DICT_KEYS, _DICT_VALUES = 32, 40


class UnreadableObjectError(Exception):
    """An object that does not look as expected."""


def attribute_values(memory: Memory, address: int, version: tuple[int, int]) -> tuple[int, ...]:
    """Return words among which the addresses of an instance's attributes are.

    Raises:
        UnreadableObjectError: they are not where they are looked for.
        MemoryUnreadableError: they cannot be read.

    """
    kind = memory.u64(address + OBJECT_TYPE)
    flags = memory.u64(kind + TYPE_FLAGS)
    if version <= (3, 10):
        mapping = memory.u64(address + memory.u64(kind + _DICT_OFFSET))
        return _of_dict(memory, mapping, version)
    if not flags & _MANAGED_DICT:
        raise UnreadableObjectError("an instance without a dict")
    word = memory.u64(address - 24)
    if version == (3, 11):
        values = memory.u64(address - 32)
        return _ordered(memory, values) if values else _of_dict(memory, word, version)
    if version == (3, 12):
        return _ordered(memory, word + 1) if word & 1 else _of_dict(memory, word, version)
    if word:
        return _of_dict(memory, word, version)
    if not flags & _INLINE_VALUES:
        raise UnreadableObjectError("an instance without attributes")
    return _counted(memory, address + memory.u64(kind + TYPE_BASIC_SIZE))


def _of_dict(memory: Memory, mapping: int, version: tuple[int, int]) -> tuple[int, ...]:
    keys, values = memory.u64(mapping + _DICT_KEYS), memory.u64(mapping + _DICT_VALUES)
    if values and version >= (3, 13):
        return _counted(memory, values)
    if values and version >= (3, 11):
        return _ordered(memory, values)
    if version <= (3, 10):
        size, entries = memory.u64(keys + 8), _count(memory.u64(keys + 32))
        width = 1 if size <= 0xFF else 2 if size <= 0xFFFF else 4
        table, per_entry = keys + 40 + size * width, 3
    else:
        log2_bytes, kind = memory.read(keys + 9, 2)
        entries = _count(memory.u64(keys + 24))
        table, per_entry = keys + 32 + (1 << (log2_bytes & 31)), 2 if kind else 3
    if values:
        return _words(memory, values, entries)
    return _words(memory, table, per_entry * entries)


def _ordered(memory: Memory, values: int) -> tuple[int, ...]:
    """Return a values array of 3.11 and 3.12: before it stand its size and its order."""
    size = _count(memory.u8(values - 2))
    order = memory.read(values - 2 - size, size)
    return tuple(memory.u64(values + 8 * index) for index in order)


def _counted(memory: Memory, values: int) -> tuple[int, ...]:
    """Return a values array of 3.13 and later: capacity, size, embedded, valid, values."""
    capacity, _, _, valid = memory.read(values, 4)
    if not valid:
        raise UnreadableObjectError("an instance whose values moved to a dict")
    return _words(memory, values + 8, _count(capacity))


def _count(number: int) -> int:
    if number > MAX_VALUES:
        raise UnreadableObjectError(f"an instance with {number} attributes")
    return number


def _words(memory: Memory, address: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}Q", memory.read(address, 8 * count)) if count else ()
