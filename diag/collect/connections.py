"""Connections to databases that several processes of a tree have open since a fork."""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from diag.collect.memory import PROC
from diag.collect.procfs import list_numbers, read_link
from diag.collect.sockets import ESTABLISHED, read_tcp, read_unix_sockets
from diag.model.gap import Gap
from diag.model.sample import SharedConnection

_PORTS = {
    1433: "SQL Server",
    1521: "Oracle",
    3306: "MySQL",
    5432: "PostgreSQL",
    6379: "Redis",
    6432: "PgBouncer",
    9042: "Cassandra",
    11211: "memcached",
    27017: "MongoDB",
}
_PATHS = {".s.PGSQL.": "PostgreSQL", "mysql": "MySQL", "redis": "Redis", "mongodb-": "MongoDB"}


def shared_connections(
    pids: Collection[int], *, proc_root: Path = PROC
) -> tuple[tuple[SharedConnection, ...], tuple[Gap, ...]]:
    """Find sockets towards a database that at least two of the processes have open.

    Args:
        pids: a tree; all are taken to be in the network namespace of the first.
        proc_root: where `/proc` is.

    """
    holders: dict[int, list[int]] = defaultdict(list)
    for pid in pids:
        for inode in _sockets(pid, proc_root):
            holders[inode].append(pid)
    if not any(len(each) > 1 for each in holders.values()):
        return (), ()
    try:
        servers = _databases(next(iter(pids)), proc_root)
    except OSError as error:
        return (), (Gap(what="connections", because=f"{error.filename}: {error.strerror}"),)
    found = []
    for inode, sharers in holders.items():
        if len(sharers) > 1 and inode in servers:
            own = {
                pid
                for other, (pid, *more) in holders.items()
                if not more and servers.get(other) == servers[inode]
            }
            found.append(
                SharedConnection(
                    inode=inode,
                    server=servers[inode],
                    pids=tuple(sharers),
                    also_own=tuple(pid for pid in sharers if pid in own),
                )
            )
    return tuple(found), ()


def _sockets(pid: int, proc_root: Path) -> set[int]:
    """Return the inodes of a process's sockets; none of one that ended or may not be read."""
    inodes = set()
    try:
        for number in list_numbers(f"{proc_root}/{pid}/fd"):
            try:
                link = read_link(f"{proc_root}/{pid}/fd/{number}")
            except OSError:
                continue  # closed meanwhile
            if link.startswith("socket:["):
                inodes.add(int(link[8:-1]))
    except OSError:
        return set()
    return inodes


def _databases(pid: int, proc_root: Path) -> dict[int, str]:
    """Return the server of each connection to a database, by inode."""
    found = {
        tcp.inode: f"{_PORTS[tcp.remote.port]} at {tcp.remote}"
        for tcp in read_tcp(pid, proc_root=proc_root)
        if tcp.state == ESTABLISHED and tcp.remote.port in _PORTS
    }
    unix = read_unix_sockets()
    for inode, each in unix.items():
        peer = unix.get(each.peer) if each.peer else None
        name = peer.name if peer is not None and each.name is None else None
        database = next((_PATHS[sign] for sign in _PATHS if name and sign in name), None)
        if database is not None:
            found[inode] = f"{database} at {name}"
    return found
