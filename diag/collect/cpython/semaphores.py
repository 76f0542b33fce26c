"""multiprocessing's locks: a POSIX semaphore in shared memory, a `SemLock` in each process.

Each process that uses the lock has its own `_multiprocessing.SemLock` with its
own count; the semaphore itself is in a file that all of them map. So a holder
is the process whose count is above 0.

SemLock (Modules/_multiprocessing/semaphore.c): handle 16, last_tid 24, count i32
32, maxvalue i32 36, kind i32 40 (0 recursive). sem_t (glibc): value in the low
half of its first word.
"""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from diag.collect.cpython.scan import Hit, find_object
from diag.collect.cpython.typenames import Types
from diag.collect.maps import AddressSpace
from diag.collect.memory import PROC, Memory, MemoryBudgetError, MemoryUnreadableError

TYPE_NAME = "_multiprocessing.SemLock"
_HANDLE = 16
_BODY = struct.Struct("<Qqiii")  # from _HANDLE on
_BODY_BYTES = _HANDLE + _BODY.size


class SharedPlace(NamedTuple):
    """A place in a file that processes map: the identity of a semaphore.

    Attributes:
        device: as in maps, "00:1a".
        inode: of the file.
        offset: in the file.

    """

    device: str
    inode: int
    offset: int

    @property
    def key(self) -> str:
        """The same in every process."""
        return f"{self.device}:{self.inode}:{self.offset}"


class SemLock(NamedTuple):
    """The fields of a `SemLock`; `recursive` is its kind, `held` its count."""

    address: int
    last_ident: int
    held: int
    max_value: int
    recursive: bool


def shared_place(space: AddressSpace, address: int) -> SharedPlace | None:
    """Return what of which file is mapped shared at `address`, None if nothing is."""
    mapping = space.find(address)
    if mapping is None or not mapping.shared or not mapping.inode:
        return None
    return SharedPlace(mapping.device, mapping.inode, address - mapping.start + mapping.offset)


def address_of(space: AddressSpace, place: SharedPlace) -> int | None:
    """Return where a process has a place mapped, None if nowhere."""
    for mapping in space.mappings:
        within = place.offset - mapping.offset
        if (
            (mapping.device, mapping.inode) == (place.device, place.inode)
            and mapping.shared
            and 0 <= within < mapping.end - mapping.start
        ):
            return mapping.start + within
    return None


def awaited_semlock(
    memory: Memory, space: AddressSpace, types: Types, stack_pointer: int, handle: int
) -> Hit | None:
    """Return the `SemLock` that a thread waits in, None if it waits in something else."""
    names = {_HANDLE: frozenset((TYPE_NAME,))}
    return find_object(memory, space, types, stack_pointer, handle, names)


def read_semlock(memory: Memory, types: Types, address: int, handle: int) -> SemLock | None:
    """Return the `SemLock` at `address`, None if there is none for this handle.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    try:
        block = memory.read(address, _BODY_BYTES)
    except MemoryBudgetError:
        raise
    except MemoryUnreadableError:
        return None
    found, ident, count, max_value, kind = _BODY.unpack_from(block, _HANDLE)
    if found != handle:
        return None
    type_facts = types.of(address)
    if type_facts is None or TYPE_NAME not in type_facts.lineage:
        return None
    return SemLock(address, ident, count, max_value, recursive=kind == 0)


def strangers_that_map(
    places: Iterable[SharedPlace], known_pids: set[int], *, proc_root: Path = PROC
) -> dict[SharedPlace, tuple[int, ...]]:
    """Return which other readable processes of the machine map each place's file."""
    found: dict[SharedPlace, list[int]] = {place: [] for place in places}
    if not found:
        return {}
    for folder in proc_root.iterdir():
        if not folder.name.isdigit() or int(folder.name) in known_pids:
            continue
        try:
            text = (folder / "maps").read_bytes()
        except OSError:
            continue  # gone, or of another user, to whom a SemLock's file (mode 0600) is closed
        for place, pids in found.items():
            if f" {place.device} {place.inode} ".encode() in text:
                pids.append(int(folder.name))
    return {place: tuple(pids) for place, pids in found.items()}
