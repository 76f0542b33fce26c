"""What a futex's operation and value say about who waits there (futex(2), glibc)."""

from diag.model.wait import Futex

_COMMAND = 0x7F
_PRIVATE = 0x80
_WAIT = 0
_WAIT_BITSET = 9
_LOCK_CONTENDED = 2  # lowlevellock.h: taken, and there may be waiters


def is_shared(futex: Futex) -> bool:
    """Return whether other processes could end the wait."""
    return not futex.operation & _PRIVATE


def is_native_mutex(futex: Futex) -> bool:
    """Return whether it looks like a wait in pthread_mutex_lock: FUTEX_WAIT_PRIVATE for 2."""
    return (
        futex.operation & _COMMAND == _WAIT
        and not is_shared(futex)
        and futex.value == _LOCK_CONTENDED
    )


def is_semaphore(futex: Futex) -> bool:
    """Return whether it looks like a wait in sem_wait: FUTEX_WAIT_BITSET for 0."""
    return futex.operation & _COMMAND == _WAIT_BITSET and futex.value == 0
