"""From a futex to the lock object behind it, and to its owner.

Offsets (Modules/_threadmodule.c, _queuemodule.c, _io/bufferedio.c, measured):

    _thread.lock   3.9-3.13 semaphore* 16, locked u8 32     3.14 mutex byte 16
    _thread.RLock  3.9-3.13 semaphore* 16, owner 24, count 32
                   3.14 mutex byte 16, owner 24, level 32 (0 = held once)
    SimpleQueue    3.9-3.12 semaphore* 16     3.13 waiters byte 16
    Buffered*      lock* 104, owner 112; 3.15: the lock is a mutex on the heap
"""

import struct
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from diag.collect.cpython import layout as at
from diag.collect.cpython.futex import is_semaphore
from diag.collect.cpython.parking import awaited_address, joined_thread
from diag.collect.cpython.runtime import Runtime
from diag.collect.cpython.scan import HEAD_BYTES, Hit, find_object, find_unknown_object
from diag.collect.cpython.typenames import Types
from diag.collect.maps import AddressSpace
from diag.collect.memory import Memory
from diag.model.lock import Lock, LockKind
from diag.model.thread import Syscall
from diag.model.wait import Futex

KINDS = {
    "_thread.lock": LockKind.LOCK,
    "_thread.RLock": LockKind.RLOCK,
    "_queue.SimpleQueue": LockKind.SIMPLE_QUEUE,
    "_io.BufferedReader": LockKind.BUFFER,
    "_io.BufferedWriter": LockKind.BUFFER,
    "_io.BufferedRandom": LockKind.BUFFER,
}
BUFFERS = frozenset(name for name, kind in KINDS.items() if kind is LockKind.BUFFER)
OTHERS = KINDS.keys() - BUFFERS

NOT_FOUND = "no known lock object was found behind the futex"


class Interior(NamedTuple):
    """What is needed to look into one process."""

    memory: Memory
    space: AddressSpace
    types: Types
    runtime: Runtime
    version: tuple[int, int]


def find_lock(interior: Interior, futex: Futex, call: Syscall) -> Lock:
    """Return the lock object that a thread waits for on a private futex.

    Args:
        interior: the process.
        futex: what the thread waits on.
        call: where it waits.

    Raises:
        MemoryUnreadableError: its stack cannot be read.

    """
    if lock := _gil(interior, futex):
        return lock
    memory, space, types, runtime, _ = interior
    pointer = call.stack_pointer
    parked = None
    if runtime.layout.join_parks:
        parked = awaited_address(memory, space, pointer, futex.address)
    if parked is not None and (lock := _parked(interior, parked)):
        return lock
    hit = None
    if is_semaphore(futex):
        needle = futex.address if parked is None else parked
        hit = find_object(memory, space, types, pointer, needle, _places(interior, parked))
    if hit is not None:
        return _describe(hit, runtime, parked=parked is not None)
    if is_semaphore(futex):
        return _unknown_object(interior, pointer, futex.address if parked is None else parked)
    return Lock(
        kind=LockKind.UNKNOWN, owner_unknown="a native condition variable or another plain futex"
    )


def _gil(interior: Interior, futex: Futex) -> Lock | None:
    runtime = interior.runtime
    address = next((g for g in runtime.gils if 0 <= futex.address - g < at.GIL_BYTES), None)
    if address is None:
        return None
    gil = runtime.gil if runtime.gil and runtime.gil.address == address else None
    holder = gil.holder_ident if gil and gil.locked else None
    unknown = None
    if holder is None:
        unknown = "the GIL was free when it was read"
        if gil is None:
            unknown = "the GIL of a subinterpreter"
        elif gil.locked:
            unknown = "the GIL's holder is no thread of the interpreter"
    return Lock(
        kind=LockKind.GIL,
        address=address,
        locked=gil.locked if gil else None,
        owner_ident=holder,
        owner_unknown=unknown,
    )


def _parked(interior: Interior, mutex: int) -> Lock | None:
    """Return the object whose own byte is waited on, or the thread whose end is."""
    joined = joined_thread(interior.memory, mutex)
    if joined is not None:
        return Lock(
            kind=LockKind.JOIN,
            address=joined.address,
            type_name="ThreadHandle",
            owner_ident=joined.ident,
        )
    address = mutex - at.LOCK_POINTER
    kind = interior.types.of(address)
    if kind is None or OTHERS.isdisjoint(kind.lineage):
        return None
    head = interior.memory.read(address, HEAD_BYTES)
    return _describe(Hit(address, kind, head), interior.runtime, parked=True)


def _places(interior: Interior, parked: int | None) -> dict[int, frozenset[str]]:
    """Return where known objects have the pointer that a stack scan looks for."""
    layout = interior.runtime.layout
    if parked is not None:
        return {at.BUFFER_POINTER: BUFFERS} if layout.buffer_parks else {}
    places = {} if layout.buffer_parks else {at.BUFFER_POINTER: BUFFERS}
    if not layout.lock_parks:
        parking = {"_queue.SimpleQueue"} if layout.join_parks else set()
        places[at.LOCK_POINTER] = frozenset(OTHERS - parking)
    return places


def _describe(hit: Hit, runtime: Runtime, *, parked: bool) -> Lock:
    kind = next(KINDS[name] for name in hit.type.lineage if name in KINDS)
    lock = partial(Lock, kind=kind, address=hit.address, type_name=hit.type.name)
    match kind:
        case LockKind.RLOCK:
            owner, count = struct.unpack_from("<QQ", hit.head, at.RLOCK_OWNER)
            if parked:
                count = count + 1 if hit.head[at.LOCK_POINTER] & 1 else 0
            reused = owner in runtime.idents.keys() - runtime.first_idents
            return _owned(partial(lock, owner_reused=reused), owner, count)
        case LockKind.BUFFER:
            (owner,) = struct.unpack_from("<Q", hit.head, at.BUFFER_OWNER)
            return _owned(lock, owner, 1)
        case LockKind.LOCK:
            locked = hit.head[at.LOCK_POINTER] & 1 if parked else hit.head[at.LOCK_STATE]
            return lock(locked=locked != 0, owner_unknown="a plain lock records no owner")
        case _:
            return lock(owner_unknown="a queue has no owner: any thread may put into it")


def _owned(lock: Callable[..., Lock], owner: int, count: int) -> Lock:
    if not owner or not count:
        return lock(
            locked=False, owner_reused=None, owner_unknown="the lock was free when it was read"
        )
    return lock(locked=True, owner_ident=owner, count=count)


def _unknown_object(interior: Interior, stack_pointer: int, needle: int) -> Lock:
    memory, space, types, *_ = interior
    found = find_unknown_object(memory, space, types, stack_pointer, (needle,))
    if found is None or not KINDS.keys().isdisjoint(found[0].type.lineage):
        return Lock(kind=LockKind.UNKNOWN, owner_unknown=NOT_FOUND)
    hit, offset = found
    return Lock(
        kind=LockKind.UNKNOWN,
        address=hit.address,
        type_name=hit.type.name,
        owner_unknown=f"the lock at offset {offset} of this type is not known",
    )
