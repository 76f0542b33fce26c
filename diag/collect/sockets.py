"""The other end of a socket: Unix sockets by netlink, TCP by `/proc/PID/net/tcp`."""

import contextlib
import os
import re
import socket
import struct
from pathlib import Path
from typing import NamedTuple

from diag.collect.memory import PROC
from diag.collect.procfs import printable, read_all

_NETLINK_SOCK_DIAG = 4  # linux/netlink.h
_SOCK_DIAG_BY_FAMILY = 20  # linux/sock_diag.h
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_SHOW_NAME_PEER_PENDING = 0x1 | 0x4 | 0x8  # UDIAG_SHOW_NAME, _PEER, _ICONS (linux/unix_diag.h)
_NAME, _PEER, _PENDING = 0, 2, 3  # UNIX_DIAG_NAME, _PEER, _ICONS
_HEADER = struct.Struct("=IHHII")
_UNIX_REQUEST = struct.Struct("=BBHIIIII")
_UNIX_MESSAGE = struct.Struct("=BBBBIII")
_ATTRIBUTE = struct.Struct("=HH")
_NETLINK_DEADLINE_S = 1.0
_IPV4_MAPPED = bytes(10) + b"\xff\xff"  # RFC 4291, 2.5.5.2

LISTEN = 10  # TCP_LISTEN (net/tcp_states.h), used by Unix sockets too
ESTABLISHED = 1


class UnixSocket(NamedTuple):
    """A Unix socket.

    Attributes:
        type: SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_SEQPACKET 5.
        state: `ESTABLISHED`, `LISTEN`, or 7 for unconnected.
        name: its path, "@name" if abstract, None if unnamed.
        peer: inode of the other end; 0 if it was not accepted yet or is closed, None
            if there never was one.
        pending: of a listener: inodes of sockets that wait to be accepted.

    """

    type: int
    state: int
    name: str | None
    peer: int | None
    pending: tuple[int, ...]


class Address(NamedTuple):
    """An IP address, IPv4-mapped ones as IPv4, and a port."""

    ip: str
    port: int

    def __str__(self) -> str:
        ip = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{ip}:{self.port}"


class TcpSocket(NamedTuple):
    """A line of `/proc/net/tcp`; inode 0 for one that no process has open (any more, or yet)."""

    local: Address
    remote: Address
    state: int
    inode: int


def read_unix_sockets() -> dict[int, UnixSocket]:
    """Ask the kernel for the Unix sockets of this thread's network namespace, by inode.

    Raises:
        OSError: the kernel has no unix_diag, forbids it, or does not answer in time.

    """
    body = _UNIX_REQUEST.pack(socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, _SHOW_NAME_PEER_PENDING, 0, 0)
    header = _HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 1, 0)
    found: dict[int, UnixSocket] = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(_NETLINK_DEADLINE_S)
        netlink.send(header + body)
        while not _parse_messages(netlink.recv(1 << 18), found):
            pass
    return found


def _parse_messages(data: bytes, found: dict[int, UnixSocket]) -> bool:
    """Add the sockets of one datagram; return whether it was the last."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if kind == _NLMSG_DONE:
            return True
        if kind == _NLMSG_ERROR:
            (code,) = struct.unpack_from("=i", data, at + _HEADER.size)
            raise OSError(-code, os.strerror(-code))
        inode, entry = parse_unix_message(data[at + _HEADER.size : at + length])
        found[inode] = entry
        at += max(_HEADER.size, (length + 3) & ~3)
    return False


def parse_unix_message(data: bytes) -> tuple[int, UnixSocket]:
    """Parse a unix_diag_msg with its attributes; return the inode and the socket."""
    _, kind, state, _, inode, _, _ = _UNIX_MESSAGE.unpack_from(data)
    name, peer, pending = None, None, ()
    at = _UNIX_MESSAGE.size
    while at + _ATTRIBUTE.size <= len(data):
        length, attribute = _ATTRIBUTE.unpack_from(data, at)
        value = data[at + _ATTRIBUTE.size : at + length]
        if attribute == _NAME and value:
            name = _unix_name(value)
        elif attribute == _PEER:
            peer = int.from_bytes(value[:4], "little")
        elif attribute == _PENDING:
            count = len(value) // 4
            pending = struct.unpack_from(f"={count}I", value)
        at += max(_ATTRIBUTE.size, (length + 3) & ~3)
    return inode, UnixSocket(kind, state, name, peer, pending)


def _unix_name(value: bytes) -> str:
    if value[0] == 0:
        return "@" + printable(value[1:])
    return printable(value.rstrip(b"\0"))


def parse_tcp(data: bytes) -> list[TcpSocket]:
    """Parse `/proc/net/tcp` or `tcp6` of a little-endian machine (proc_net(5))."""
    found = []
    for line in data.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10:
            continue  # cut off
        found.append(
            TcpSocket(
                local=parse_address(fields[1]),
                remote=parse_address(fields[2]),
                state=int(fields[3], 16),
                inode=int(fields[9]),
            )
        )
    return found


def parse_address(text: bytes) -> Address:
    """Parse "0100007F:1F90": words of 32 bits in host order, and the port."""
    words, _, port = text.partition(b":")
    raw = bytes.fromhex(printable(words))
    packed = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    packed = packed.removeprefix(_IPV4_MAPPED)
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return Address(socket.inet_ntop(family, packed), int(port, 16))


def read_tcp(pid: int, *, proc_root: Path = PROC) -> list[TcpSocket]:
    """Read the TCP sockets of a process's network namespace.

    Raises:
        OSError: gone or not permitted.

    """
    found = parse_tcp(read_all(f"{proc_root}/{pid}/net/tcp"))
    with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
        found += parse_tcp(read_all(f"{proc_root}/{pid}/net/tcp6"))
    return found


def unix_inodes(pid: int, *, proc_root: Path = PROC) -> frozenset[int]:
    """Return the inodes of the Unix sockets of a process's network namespace.

    Raises:
        OSError: gone or not permitted.

    """
    data = read_all(f"{proc_root}/{pid}/net/unix")
    return frozenset(
        int(match[1])
        for match in re.finditer(rb"^\w+: \w+ \w+ \w+ \w+ \w+ +(\d+)", data, re.MULTILINE)
    )
