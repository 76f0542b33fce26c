"""Who holds a multiprocessing lock: every process that maps it is asked for its count."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from diag.collect.cpython.access import Access
from diag.collect.cpython.pagemap import resident_chunks
from diag.collect.cpython.semaphores import SemLock, SharedPlace, address_of, read_semlock
from diag.collect.cpython.typenames import Types
from diag.collect.maps import AddressSpace
from diag.collect.memory import Memory, MemoryUnreadableError
from diag.model.lock import Semaphore, SemaphoreHolder

_HANDLE = 16


class Answer(NamedTuple):
    """A semaphore, and why no owner can be named; None if one is."""

    semaphore: Semaphore
    owner_unknown: str | None


@dataclass
class _Member:
    """A process that maps the semaphore, and the `SemLock`s of it found there."""

    pid: int
    memory: Memory
    space: AddressSpace
    handle: int
    types: Types
    locks: dict[int, SemLock] = field(default_factory=dict)

    def look_at(self, addresses: Iterable[int]) -> None:
        """Note which of the addresses are the lock, anew."""
        for address in addresses:
            lock = read_semlock(self.memory, self.types, address, self.handle)
            if lock is None:
                self.locks.pop(address, None)
            else:
                self.locks[address] = lock

    def search(self, proc_root: Path) -> None:
        """Search the whole heap for the lock: for processes started by spawn or forkserver."""
        needle = self.handle.to_bytes(8, "little")
        for start, chunk in resident_chunks(self.memory, self.space, proc_root=proc_root):
            at = chunk.find(needle)
            while at >= 0:
                if at % 8 == 0:
                    self.look_at([start + at - _HANDLE])
                at = chunk.find(needle, at + 1)


def find_holders(
    place: SharedPlace,
    known: dict[int, set[int]],
    spaces: dict[int, AddressSpace],
    strangers: tuple[int, ...],
    taking: frozenset[int],
    access: Access,
) -> Answer | None:
    """Return who holds a semaphore; None if it went away meanwhile.

    Args:
        place: its identity.
        known: pid -> addresses of the `SemLock`s that its threads wait in.
        spaces: pid -> mappings, of all processes that may be looked into.
        strangers: other pids that map it, or may.
        taking: pids in which a thread may have got it and not yet counted it.
        access: how to read them.

    """
    with ExitStack() as stack:
        members, unread = [], list(strangers)
        for pid, space in spaces.items():
            handle = address_of(space, place)
            if handle is None:
                continue
            try:
                memory = stack.enter_context(access.memory(pid))
            except MemoryUnreadableError:
                unread.append(pid)
                continue
            members.append(_Member(pid, memory, space, handle, Types(memory)))
        # A fork leaves the object at the same address in all processes.
        everywhere = {address for addresses in known.values() for address in addresses}
        for member in members:
            guesses = known.get(member.pid, everywhere)
            if not _try(member, guesses, access, search=not known.get(member.pid)):
                unread.append(member.pid)
        return _answer(place, members, unread, taking, access)


def _try(member: _Member, addresses: Iterable[int], access: Access, *, search: bool) -> bool:
    """Look for the lock in a process; return whether its part is now known."""
    try:
        member.look_at(addresses)
        if search and not member.locks:
            member.search(access.proc_root)
    except (OSError, MemoryUnreadableError):
        member.locks.clear()
    return bool(member.locks)


def _answer(
    place: SharedPlace,
    members: list[_Member],
    unread: list[int],
    taking: frozenset[int],
    access: Access,
) -> Answer | None:
    locks = [lock for member in members for lock in member.locks.values()]
    value = _value(members)
    if value is None or not locks:
        return None
    exclusive = locks[0].max_value == 1
    if exclusive and not value and all(lock.held == 0 for lock in locks):
        # "Nobody holds it" must be sure: a second object of a process, or one that
        # had just got it but not yet counted, would show now.
        for member in members:
            if member.pid in taking or not _recheck(member, access):
                unread.append(member.pid)
        value = _value(members)
    holders, odd = _holders(members)
    semaphore = Semaphore(
        key=place.key,
        value=value or 0,
        max_value=locks[0].max_value,
        recursive=locks[0].recursive,
        holders=holders,
        mapped_by=tuple(sorted({*unread, *(member.pid for member in members)})),
        unread=tuple(sorted({*unread, *odd})),
    )
    return Answer(semaphore, _owner_unknown(semaphore))


def _recheck(member: _Member, access: Access) -> bool:
    try:
        member.search(access.proc_root)
        member.look_at(tuple(member.locks))
    except (OSError, MemoryUnreadableError):
        return False
    return bool(member.locks)


def _value(members: list[_Member]) -> int | None:
    for member in members:
        try:
            return member.memory.u32(member.handle)
        except MemoryUnreadableError:
            continue  # the next process sees the same word
    return None


def _holders(members: list[_Member]) -> tuple[tuple[SemaphoreHolder, ...], list[int]]:
    """Return the holders, and the processes that released what others took."""
    holders, odd = [], []
    for member in members:
        for lock in member.locks.values():
            if lock.held > 0:
                holders.append(
                    SemaphoreHolder(pid=member.pid, ident=lock.last_ident, count=lock.held)
                )
            elif lock.held < 0:
                odd.append(member.pid)
    return tuple(holders), odd


def _owner_unknown(semaphore: Semaphore) -> str | None:
    if semaphore.max_value != 1:
        return "a semaphore has no owner: any process may release it"
    if len(semaphore.holders) > 1:
        return "several processes count as its holder: a fork copies the count"
    if semaphore.unread:
        pids = ", ".join(map(str, semaphore.unread))
        return f"it could not be told whether process {pids} holds it"
    if semaphore.holders:
        return None
    if semaphore.value:
        return "it was free when it was read"
    return "no living process holds it"
