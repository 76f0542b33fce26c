"""The parking lot: waits of 3.13 and later on a one-byte mutex or event.

Python/parking_lot.c: `struct wait_entry` lies on the waiter's own stack:
park_arg +0, the awaited address +8, the semaphore slept on +16, a node of a
doubly linked list +48.
"""

import struct
from typing import NamedTuple

from diag.collect.maps import AddressSpace
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

_AWAITED = 8
_SEMAPHORE = 16
_NODE = 48
MAX_ABOVE_STACK_POINTER = 1024  # measured: 256 to 296

# ThreadHandle (Modules/_threadmodule.c): a list node +0, ident +32, the same as a
# pthread_t +40, whether that is valid +48, state +52, the done event +57.
_HANDLE_EVENT = 57
_HANDLE = struct.Struct("<QQ16xQQii")
_RUNNING = 3


class JoinedThread(NamedTuple):
    """A `ThreadHandle` that somebody joins: its address, the thread's ident."""

    address: int
    ident: int


def awaited_address(
    memory: Memory, space: AddressSpace, stack_pointer: int, futex: int
) -> int | None:
    """Return the address that a parked thread waits for, None if it is not parked."""
    mapping = space.find(stack_pointer)
    above = futex - stack_pointer
    if mapping is None or futex >= mapping.end or not 0 < above < MAX_ABOVE_STACK_POINTER:
        return None
    entry = futex - _SEMAPHORE
    if not _is_linked(memory, entry + _NODE):
        return None
    return memory.u64(entry + _AWAITED)


def joined_thread(memory: Memory, event: int) -> JoinedThread | None:
    """Return the thread whose done event is at `event`, None if it is no such event."""
    address = event - _HANDLE_EVENT
    try:
        head = memory.read(address, _HANDLE.size)
    except MemoryBudgetError:
        raise
    except MemoryUnreadableError:
        return None
    _, _, ident, handle, valid, state = _HANDLE.unpack(head)
    if state != _RUNNING or valid != 1 or ident != handle or not _is_linked(memory, address):
        return None
    return JoinedThread(address, ident)


def _is_linked(memory: Memory, node: int) -> bool:
    """Return whether both neighbours of a list node point back to it (pycore_llist.h)."""
    try:
        following, previous = struct.unpack("<QQ", memory.read(node, 16))
        return memory.u64(following + 8) == node and memory.u64(previous) == node
    except MemoryBudgetError:
        raise
    except MemoryUnreadableError:
        return False
