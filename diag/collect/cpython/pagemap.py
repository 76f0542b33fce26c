"""Reads only what is in memory: touching an untouched page would give the target a new one."""

import struct
from collections.abc import Iterator
from pathlib import Path

from diag.collect.maps import AddressSpace, Mapping
from diag.collect.memory import PROC, Memory, MemoryBudgetError, MemoryUnreadableError

PAGE_BYTES = 4096
PIECE_PAGES = 256
MAX_PAGES = 1 << 24  # 64 GiB of address space
# Documentation/admin-guide/mm/pagemap.rst: bit 63 page present, 62 in swap, 58 guard
_THERE = 0b11 << 62
_GUARD = 1 << 58


def resident_chunks(
    memory: Memory, space: AddressSpace, *, proc_root: Path = PROC
) -> Iterator[tuple[int, bytes]]:
    """Yield address and bytes of a process's private writable memory, at most 1 MiB at a time.

    Anonymous memory only: objects are nowhere else.

    Raises:
        OSError: the page map cannot be read.
        MemoryBudgetError: the allowance is used up.

    """
    path = proc_root / str(memory.pid) / "pagemap"
    left = MAX_PAGES
    with path.open("rb", buffering=0) as pagemap:
        for mapping in filter(_may_hold_objects, space.mappings):
            left -= (mapping.end - mapping.start) // PAGE_BYTES
            if left < 0:
                raise MemoryBudgetError(f"{memory.pid} has too much address space to search")
            for start in range(mapping.start, mapping.end, PIECE_PAGES * PAGE_BYTES):
                pages = min(PIECE_PAGES, (mapping.end - start) // PAGE_BYTES)
                pagemap.seek(start // PAGE_BYTES * 8)
                for first, count in runs(pagemap.read(pages * 8)):
                    yield from _readable(memory, start + first * PAGE_BYTES, count)


def _readable(memory: Memory, address: int, pages: int) -> Iterator[tuple[int, bytes]]:
    """Yield what can be read; a page that cannot is no home of an object.

    Since 2.42 glibc makes the guard of a thread's stack with MADV_GUARD_INSTALL, and
    kernels before 6.15 show it like a page in swap.
    """
    try:
        yield address, memory.read(address, pages * PAGE_BYTES)
    except MemoryBudgetError:
        raise
    except MemoryUnreadableError:
        if pages > 1:
            yield from _readable(memory, address, pages // 2)
            rest = pages - pages // 2
            yield from _readable(memory, address + (pages // 2) * PAGE_BYTES, rest)


def _may_hold_objects(mapping: Mapping) -> bool:
    return (
        mapping.permissions == "rw-p"
        and not mapping.inode
        and (mapping.path in ("", "[heap]") or mapping.path.startswith("[anon"))
    )


def runs(entries: bytes) -> Iterator[tuple[int, int]]:
    """Yield (first page, number of pages) of each run of pages that are there."""
    if entries.count(0) == len(entries):
        return  # most of a thread's stack: not worth a loop
    first: int | None = None
    size = len(entries) // 8
    for index, (entry,) in enumerate(struct.iter_unpack("<Q", entries[: 8 * size])):
        if entry & _THERE and not entry & _GUARD:
            first = index if first is None else first
        elif first is not None:
            yield first, index - first
            first = None
    if first is not None:
        yield first, size - first
