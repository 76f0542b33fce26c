"""Finds the object that a thread waits in, from the thread's own C stack.

The C functions that block keep their object in a saved register, so a pointer
to it lies within a few hundred bytes above the stack pointer (measured on
3.9 to 3.15: at most 272). No symbols are needed and no heap is searched.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from diag.collect.cpython.typenames import TypeFacts, Types
from diag.collect.maps import AddressSpace
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

# False hits were seen deeper than 3.8 KiB only, and never with a type's name.
WINDOW_BYTES = 2048
HEAD_BYTES = 120  # covers every pointer and owner of the known lock objects


class Hit(NamedTuple):
    """An object that has the awaited address in it.

    Attributes:
        address: of the object.
        type: its type.
        head: its first bytes.

    """

    address: int
    type: TypeFacts
    head: bytes


def find_object(
    memory: Memory,
    space: AddressSpace,
    types: Types,
    stack_pointer: int,
    needle: int,
    names_at: dict[int, frozenset[str]],
) -> Hit | None:
    """Return the one object of a known type that points to `needle`.

    Args:
        memory: of the process.
        space: its mappings.
        types: its types.
        stack_pointer: of the waiting thread.
        needle: the awaited address.
        names_at: offset of the pointer in the object -> names of types that
            have it there, or that have a base that does.

    Returns:
        None if there is none, or several: then it is not known which.

    """
    hits = []
    for address in candidates(memory, space, stack_pointer):
        head = _read(memory, address, HEAD_BYTES)
        if head is None:
            continue
        for offset, names in names_at.items():
            if struct.unpack_from("<Q", head, offset)[0] == needle:
                kind = types.of(address)
                if kind is not None and not names.isdisjoint(kind.lineage):
                    hits.append(Hit(address, kind, head))
    return hits[0] if len(hits) == 1 else None


def find_unknown_object(
    memory: Memory,
    space: AddressSpace,
    types: Types,
    stack_pointer: int,
    needles: tuple[int, ...],
) -> tuple[Hit, int] | None:
    """Return the nearest object of any type that has one of `needles` in it, and where.

    The awaited address may be part of the object's body, or pointed to from it.
    """
    for address in candidates(memory, space, stack_pointer):
        kind = types.of(address)
        if kind is None or not kind.genuine:
            continue
        body = _read(memory, address, kind.basic_size)
        if body is None:
            continue
        offset = _offset_of(needles, address, body)
        if offset is not None:
            return Hit(address, kind, body), offset
    return None


def _offset_of(needles: tuple[int, ...], address: int, body: bytes) -> int | None:
    for needle in needles:
        if 16 <= needle - address < len(body):
            return needle - address
    words = struct.unpack_from(f"<{len(body) // 8}Q", body)
    return next((8 * i for i, word in enumerate(words) if i >= 2 and word in needles), None)


def candidates(memory: Memory, space: AddressSpace, stack_pointer: int) -> Iterator[int]:
    """Yield each aligned pointer into writable memory on the stack, the innermost first."""
    mapping = space.find(stack_pointer)
    if mapping is None:
        return
    size = min(WINDOW_BYTES, mapping.end - stack_pointer) & ~7
    seen = set()
    for (word,) in struct.iter_unpack("<Q", memory.read(stack_pointer, size)):
        if word & 7 or word in seen or 0 <= word - stack_pointer < size:
            continue
        seen.add(word)
        target = space.find(word)
        if target is not None and target.writable:
            yield word


def _read(memory: Memory, address: int, size: int) -> bytes | None:
    try:
        return memory.read(address, size)
    except MemoryBudgetError:
        raise
    except MemoryUnreadableError:
        return None
