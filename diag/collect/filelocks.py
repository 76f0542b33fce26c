"""`/proc/locks`: who waits for a file lock, and who has it."""

from collections.abc import Iterable
from typing import NamedTuple

from diag.collect.holders import Held
from diag.collect.procfs import printable

_UNNAMED = -1  # OFD locks belong to an open file description, not to a process


class LockLine(NamedTuple):
    """A line of `/proc/locks` (proc_locks(5)).

    Attributes:
        number: the same for a lock and for those who wait for it.
        depth: 0 for a lock that is held; waiters are deeper, and deeper than
            the waiter they queue behind.
        kind: FLOCK, POSIX, OFDLCK, LEASE.
        pid: -1 for OFD locks, 0 for a process that is not visible here.
        inode: of the file.

    """

    number: int
    depth: int
    kind: str
    pid: int
    inode: int


class LockHolders(NamedTuple):
    """Processes that hold a lock, or why they are not known."""

    pids: tuple[int, ...]
    unknown: str | None = None


def parse_locks(data: bytes) -> list[LockLine]:
    """Parse `/proc/locks`; lines of another form are left out."""
    found = []
    for line in data.splitlines():
        number, colon, rest = line.partition(b":")
        if not colon or not number.strip().isdigit():
            continue
        body = rest.removeprefix(b" ")
        head, arrow, tail = body.partition(b"-> ")
        waiting = bool(arrow) and not head.strip()
        fields = (tail if waiting else body).split()
        inode = fields[4].rpartition(b":")[2] if len(fields) >= 5 else b""
        if not inode.isdigit() or not fields[3].lstrip(b"-").isdigit():
            continue
        found.append(
            LockLine(
                number=int(number),
                depth=1 + len(head) if waiting else 0,
                kind=printable(fields[0]),
                pid=int(fields[3]),
                inode=int(inode),
            )
        )
    return found


def find_lock_holders(
    lines: Iterable[LockLine],
    *,
    kinds: frozenset[str],
    inode: int,
    waiter: int,
    opened: Iterable[Held],
    alive: Iterable[int],
) -> LockHolders:
    """Tell who holds the locks of a file that process `waiter` waits for.

    An flock or OFD lock belongs to an open file description, which forked children
    share: `/proc/PID/fdinfo` shows the lock on every descriptor of that description,
    while `/proc/locks` names only who took it. Both are used. Those who queue before
    the waiter count too.

    Args:
        lines: of `/proc/locks`.
        kinds: of lock that the call asks for; flock and fcntl locks ignore each other.
        inode: of the file.
        waiter: pid in the observer's namespace.
        opened: the descriptors of all processes that lead to the file.
        alive: pids that exist.

    """
    concerned = [line for line in lines if line.inode == inode and line.kind in kinds]
    ours = {line.number for line in concerned if line.depth and line.pid in (waiter, _UNNAMED)}
    if not ours:
        return LockHolders((), "/proc/locks does not show this wait")
    exist = frozenset(alive)
    named = {
        line.pid
        for line in concerned
        if line.pid in exist and (line.depth == 0 or line.number in ours)
    }
    shown = {held.pid for held in opened if held.info and kinds & set(held.info.locks)}
    held_by = (named - {waiter}) | shown
    if not held_by:
        return LockHolders((), "/proc/locks names no process that holds the lock")
    return LockHolders(tuple(sorted(held_by)))
