"""Who is at the other end of a socket, in terms of sockets whose holders can be looked up."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from diag.collect.memory import PROC
from diag.collect.netns import from_namespace_of
from diag.collect.procfs import read_link
from diag.collect.sockets import (
    LISTEN,
    Address,
    TcpSocket,
    UnixSocket,
    read_tcp,
    read_unix_sockets,
    unix_inodes,
)
from diag.model.channel import ChannelKind

_DATAGRAM = 2  # SOCK_DGRAM
_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
_SERVICES = {  # of remote parties that programs are seen to wait for
    22: "ssh",
    53: "dns",
    80: "http",
    389: "ldap",
    443: "https",
    1433: "sql server",
    1521: "oracle",
    2181: "zookeeper",
    3306: "mysql",
    5432: "postgresql",
    5672: "amqp",
    6379: "redis",
    9092: "kafka",
    9200: "elasticsearch",
    11211: "memcached",
    27017: "mongodb",
}


class Peer(NamedTuple):
    """The other party of a socket.

    Attributes:
        kind: of the socket.
        name: address or peer in words.
        inodes: sockets whose holders can end the wait.
        outside: a party that is no process seen here, in words.
        uncertain: why the party could not be found.

    """

    kind: ChannelKind
    name: str | None = None
    inodes: tuple[int, ...] = ()
    outside: str | None = None
    uncertain: str | None = None


class Peers:
    """Finds peers; asks the kernel once for each table.

    Args:
        proc_root: where `/proc` is.
        unix_sockets: gives the Unix sockets of the network namespace that it is asked in.

    """

    def __init__(
        self,
        *,
        proc_root: Path = PROC,
        unix_sockets: Callable[[], dict[int, UnixSocket]] = read_unix_sockets,
    ) -> None:
        self._proc_root = proc_root
        self._ask = unix_sockets
        self._unix: dict[int, UnixSocket] | None = None
        self._unix_error: str | None = None
        self._foreign: dict[str, dict[int, UnixSocket] | OSError] = {}
        self._tcp: dict[str, dict[int, TcpSocket]] = {}
        self._tcp_all: dict[str, list[TcpSocket]] = {}

    def find(self, pid: int, inode: int) -> Peer:
        """Tell who is at the other end of socket `inode`, which process `pid` has open."""
        own = self._unix_table()
        if inode in own:
            return _find_unix(inode, own)
        namespace = self._namespace(pid)
        try:
            tcp = self._tcp_table(namespace, pid).get(inode)
            if tcp is not None:
                return self._find_tcp(namespace, tcp)
            is_unix = inode in unix_inodes(pid, proc_root=self._proc_root)
        except OSError as error:
            reason = f"the sockets of process {pid} could not be read: {error.strerror}"
            return Peer(ChannelKind.SOCKET, uncertain=reason)
        if is_unix:
            return self._find_foreign_unix(pid, inode, namespace)
        return Peer(ChannelKind.SOCKET, outside="a socket that is neither Unix nor TCP")

    def _find_foreign_unix(self, pid: int, inode: int, namespace: str) -> Peer:
        """Tell the peer of a Unix socket that diag's own namespace does not know."""
        if self._unix_error:
            return Peer(ChannelKind.UNIX_SOCKET, uncertain=self._unix_error)
        if namespace not in self._foreign:
            self._foreign[namespace] = self._ask_within(pid)
        table = self._foreign[namespace]
        if isinstance(table, OSError):
            reason = (
                "its network namespace is not that of diag, and the kernel tells the peers of "
                f"Unix sockets only within it: {table.strerror or table}"
            )
            return Peer(ChannelKind.UNIX_SOCKET, uncertain=reason)
        if inode not in table:
            return Peer(ChannelKind.UNIX_SOCKET, uncertain="it is too new, or already closed")
        return _find_unix(inode, table)

    def _ask_within(self, pid: int) -> dict[int, UnixSocket] | OSError:
        try:
            return from_namespace_of(pid, self._ask, proc_root=self._proc_root)
        except OSError as error:
            return error

    def _find_tcp(self, namespace: str, found: TcpSocket) -> Peer:
        kind, everyone = ChannelKind.TCP_SOCKET, self._tcp_all[namespace]
        if found.state == LISTEN:
            return Peer(kind, str(found.local), outside=f"new connections on {found.local}")
        name = f"{found.local} to {found.remote}"
        for other in everyone:
            if other.local == found.remote and other.remote == found.local:
                if other.inode:
                    return Peer(kind, name, inodes=(other.inode,))
                listeners = tuple(
                    each.inode for each in everyone if _listens(each, found.remote) and each.inode
                )
                if listeners:
                    return Peer(kind, f"{name}, which has not accepted it", inodes=listeners)
                return Peer(kind, f"{name}, closed by its peer")
        if found.remote.ip.startswith("127.") or found.remote.ip == "::1":
            # forwarded to elsewhere (a container's proxy), or closed
            return Peer(kind, name, outside=f"whoever serves {found.remote}")
        return Peer(kind, name, outside=f"socket to {_with_service(found.remote)}")

    def _unix_table(self) -> dict[int, UnixSocket]:
        if self._unix is None:
            try:
                self._unix = self._ask()
            except OSError as error:
                self._unix = {}
                self._unix_error = f"the kernel did not tell the peers of Unix sockets: {error}"
        return self._unix

    def _tcp_table(self, namespace: str, pid: int) -> dict[int, TcpSocket]:
        if namespace not in self._tcp:
            found = read_tcp(pid, proc_root=self._proc_root)
            self._tcp_all[namespace] = found
            self._tcp[namespace] = {each.inode: each for each in found if each.inode}
        return self._tcp[namespace]

    def _namespace(self, pid: int) -> str:
        try:
            return read_link(f"{self._proc_root}/{pid}/ns/net")
        except OSError:
            return f"of process {pid}"  # not told: its own table is read


def _find_unix(inode: int, table: dict[int, UnixSocket]) -> Peer:
    kind, found = ChannelKind.UNIX_SOCKET, table[inode]
    if found.state == LISTEN:
        return Peer(kind, found.name, outside=f"new connections on {found.name}")
    if found.peer:
        peer = table.get(found.peer)
        return Peer(kind, found.name or (peer and peer.name), inodes=(found.peer,))
    if found.type == _DATAGRAM:
        return Peer(kind, found.name, outside=f"any sender to {found.name or 'it'}")
    listeners = tuple(key for key, each in table.items() if inode in each.pending)
    if listeners:
        name = table[listeners[0]].name
        return Peer(kind, f"{name}, which has not accepted it", inodes=listeners)
    if found.peer is None:
        return Peer(kind, found.name, outside="whoever it is being connected to")
    return Peer(kind, "closed by its peer")


def _listens(socket: TcpSocket, address: Address) -> bool:
    at = socket.local
    return socket.state == LISTEN and at.port == address.port and at.ip in (*_ANY, address.ip)


def _with_service(address: Address) -> str:
    service = _SERVICES.get(address.port)
    return f"{address} ({service})" if service else str(address)
