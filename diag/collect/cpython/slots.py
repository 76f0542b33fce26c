"""What the `__slots__` of an object hold (PyMemberDef, Include/structmember.h; measured)."""

import struct

from diag.collect.cpython.layout import OBJECT_TYPE, TYPE_BASE
from diag.collect.cpython.typenames import MAX_BASES
from diag.collect.memory import Memory

_TYPE_MEMBERS = 240
_MEMBER = struct.Struct("<QiiqiiQ")  # name*, type, -, offset, flags, -, doc*
_OBJECT_TYPES = frozenset((6, 16))  # T_OBJECT, T_OBJECT_EX
_MAX_MEMBERS = 64
_FLOAT_VALUE = 16


def slot_of(memory: Memory, address: int, name: str) -> int | None:
    """Return the object in a slot, None if it is empty or there is no such slot.

    Raises:
        MemoryUnreadableError: it cannot be read.

    """
    kind = memory.u64(address + OBJECT_TYPE)
    for _ in range(MAX_BASES):
        offset = _offset(memory, kind, name)
        if offset is not None:
            return memory.u64(address + offset) or None
        kind = memory.u64(kind + TYPE_BASE)
        if not kind:
            break
    return None


def float_at(memory: Memory, address: int) -> float:
    """Return the value of a float object, whose type must be known.

    Raises:
        MemoryUnreadableError: it cannot be read.

    """
    value: float = struct.unpack("<d", memory.read(address + _FLOAT_VALUE, 8))[0]
    return value


def _offset(memory: Memory, kind: int, name: str) -> int | None:
    members = memory.u64(kind + _TYPE_MEMBERS)
    for number in range(_MAX_MEMBERS if members else 0):
        entry = memory.read(members + number * _MEMBER.size, _MEMBER.size)
        text, member_type, _, offset, _, _, _ = _MEMBER.unpack(entry)
        if not text:
            return None
        if member_type in _OBJECT_TYPES and memory.c_string(text, limit=64) == name:
            return int(offset)
    return None
