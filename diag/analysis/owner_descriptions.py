"""Who holds a lock, as far as the lock itself tells, in words."""

from collections.abc import Sequence

from diag.model.lock import Lock, LockKind, Semaphore
from diag.model.process import Process
from diag.model.thread import Thread

MOST_NAMED = 4


def describe_owner(lock: Lock, process: Process) -> str | None:
    """Say who holds a lock, as far as the lock itself records it; None if it does not.

    An owner that is none of the threads known by ident is said to be just that: whether it was
    lost in a fork is for the analysis to prove.
    """
    if lock.semaphore is not None:
        return _semaphore_owner(lock.semaphore)
    if lock.owner_tid is not None:
        return f"held by thread {lock.owner_tid}"
    if lock.owner_ident is None:
        if lock.candidates:
            names = [_name(process, one.ident) for one in lock.candidates]
            return f"seems to be held by {capped(names)}"
        return f"owner unknown: {lock.owner_unknown}" if lock.owner_unknown else None
    owner = _thread(process, lock.owner_ident)
    verb = "thread" if lock.kind is LockKind.JOIN else "held by"
    if owner is None:
        return f"{verb} {lock.owner_ident:#x}, which is no thread known there"
    earlier = ", or one that ended and had its id" if lock.owner_reused else ""
    return f"{verb} {_name(process, lock.owner_ident, earlier)}"


def _thread(process: Process, ident: int) -> Thread | None:
    return next((known for known in process.threads if known.ident == ident), None)


def _name(process: Process, ident: int, more: str = "") -> str:
    thread = _thread(process, ident)
    if thread is None:
        return f"{ident:#x}"
    name = thread.stack.thread_name if thread.stack and thread.stack.thread_name else thread.name
    return f'"{name}" (tid {thread.tid}{more})'


def _semaphore_owner(semaphore: Semaphore) -> str:
    if semaphore.value > 0:
        return f"free at that moment (value {semaphore.value})"
    said = []
    if semaphore.holders:
        said.append(f"held by {capped([str(holder.pid) for holder in semaphore.holders])}")
    elif not semaphore.unread:
        said.append("no process that maps it holds it")
    if semaphore.unread:
        said.append(f"not readable: {capped([str(pid) for pid in semaphore.unread])}")
    return ", ".join(said)


def capped(names: Sequence[str]) -> str:
    """Return names parted by commas, the first few of many."""
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else shown
