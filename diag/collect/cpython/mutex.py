"""Native mutexes and joins: glibc's own structures, also outside of Python (x86-64)."""

import struct

from diag.collect.cpython.futex import is_native_mutex
from diag.collect.cpython.pthread import TID, tid_at
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError
from diag.model.lock import Lock, LockKind
from diag.model.wait import Futex

# pthread_mutex_t (sysdeps/nptl/bits/struct_mutex.h): lock, count, owner, nusers,
# kind, spins, elision, then list links that only robust mutexes use.
_MUTEX = struct.Struct("<iIiIihhQQ")
_CONTENDED = 2
_PLAIN_KINDS = frozenset(range(4))  # normal, recursive, error-checking, adaptive
_ELISION_FLAGS = 0x300  # wanted 0x100, not wanted 0x200
_MAX_USERS = 100_000
# pthread_join waits until the thread's id becomes 0 (glibc 2.36), or until its join
# state is no more 2 (measured on glibc 2.43).
_JOIN_STATE = 0x628
_JOINABLE = 2


def native_lock(memory: Memory, futex: Futex, tids: dict[int, int]) -> Lock | None:
    """Return the native lock or thread that a futex belongs to, None if it is neither.

    Args:
        memory: of the process.
        futex: what is waited on.
        tids: inner thread id -> thread id of the observer's namespace.

    """
    try:
        if is_native_mutex(futex):
            return _mutex(memory, futex.address, tids)
        return _joined(memory, futex, tids)
    except MemoryBudgetError:
        raise
    except MemoryUnreadableError:
        return None


def _mutex(memory: Memory, address: int, tids: dict[int, int]) -> Lock:
    lock, _, owner, users, kind, _, _, back, following = _MUTEX.unpack(
        memory.read(address, _MUTEX.size)
    )
    if (
        kind & ~_ELISION_FLAGS not in _PLAIN_KINDS
        or back
        or following
        or not 0 < users < _MAX_USERS
        or lock not in (0, 1, _CONTENDED)
    ):
        return Lock(
            kind=LockKind.UNKNOWN,
            address=address,
            owner_unknown="a native lock that is no plain pthread_mutex",
        )
    owner_tid = tids.get(owner) if lock else None
    unknown = None
    if owner_tid is None:
        unknown = "the mutex was free when it was read"
        if lock:
            unknown = f"the thread that owns it ({owner}) does not exist in this process"
    return Lock(
        kind=LockKind.MUTEX,
        address=address,
        type_name="pthread_mutex_t",
        locked=lock != 0,
        owner_tid=owner_tid,
        owner_ended=owner_tid is None and lock != 0 and owner != 0,
        owner_unknown=unknown,
    )


def _joined(memory: Memory, futex: Futex, tids: dict[int, int]) -> Lock | None:
    """Return a pthread_join: a wait for a word in the joined thread's `struct pthread`."""
    for offset, value in ((TID, None), (_JOIN_STATE, _JOINABLE)):
        ident = futex.address - offset
        tid = tid_at(memory, ident)
        if tid in tids and futex.value == (tid if value is None else value):
            return Lock(
                kind=LockKind.JOIN,
                address=ident,
                type_name="pthread_t",
                owner_ident=ident,
                owner_tid=tids[tid],
            )
    return None
