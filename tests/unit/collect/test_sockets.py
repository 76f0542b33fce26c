import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.collect.sockets import (
    ESTABLISHED,
    LISTEN,
    Address,
    parse_address,
    parse_tcp,
    parse_unix_message,
)

TCP = b"""\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1063 1 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1064 1 0
"""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"0100007F:1F90", "127.0.0.1:8080"),
        (b"00000000000000000000000001000000:0050", "[::1]:80"),
        (b"0000000000000000FFFF00000100007F:0050", "127.0.0.1:80"),
    ],
)
def test_addresses(text: bytes, shown: str) -> None:
    assert str(parse_address(text)) == shown


@given(st.ip_addresses(), st.integers(0, 65535))
def test_any_address_is_read_as_the_kernel_writes_it(ip: object, port: int) -> None:
    packed = ip.packed  # type: ignore[attr-defined]
    words = [packed[at : at + 4][::-1].hex().upper() for at in range(0, len(packed), 4)]
    found = parse_address(f"{''.join(words)}:{port:04X}".encode())
    mapped = getattr(ip, "ipv4_mapped", None)
    family = socket.AF_INET if ":" not in found.ip else socket.AF_INET6
    expected = mapped.packed if mapped else packed
    assert socket.inet_pton(family, found.ip) == expected
    assert found.port == port


def test_the_table() -> None:
    listener, connection = parse_tcp(TCP)
    assert (listener.state, listener.inode) == (LISTEN, 1063)
    assert connection == (
        Address("127.0.0.1", 8080),
        Address("127.0.0.1", 50000),
        ESTABLISHED,
        1064,
    )


def test_a_line_cut_off_is_left_out() -> None:
    assert len(parse_tcp(TCP[:-40])) == 1


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def test_a_unix_message_with_its_attributes() -> None:
    head = struct.pack("=BBBBIII", 1, 1, 10, 0, 99, 1, 2)
    message = (
        head
        + attribute(0, b"/run/x.sock\0")
        + attribute(4, bytes(8))
        + attribute(2, struct.pack("=I", 77))
        + attribute(3, struct.pack("=II", 5, 6))
    )
    inode, found = parse_unix_message(message)
    assert inode == 99
    assert (found.type, found.state, found.name) == (1, LISTEN, "/run/x.sock")
    assert found.peer == 77
    assert found.pending == (5, 6)


def test_an_abstract_name_and_none() -> None:
    head = struct.pack("=BBBBIII", 1, 2, 7, 0, 99, 1, 2)
    assert parse_unix_message(head + attribute(0, b"\0bus\xff"))[1].name == "@bus\\xff"
    plain = parse_unix_message(head)[1]
    assert (plain.name, plain.peer, plain.pending) == (None, None, ())


@given(st.binary(max_size=60))
def test_damaged_attributes_end_the_message(data: bytes) -> None:
    head = struct.pack("=BBBBIII", 1, 1, 1, 0, 99, 1, 2)
    assert parse_unix_message(head + data)[0] == 99
