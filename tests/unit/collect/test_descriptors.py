from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from diag.collect.descriptors import (
    EpollItem,
    identify,
    parse_fdinfo,
)

EPOLL = b"""pos:\t0
flags:\t02000002
mnt_id:\t17
ino:\t1038
tfd:        5 events:       19 data:                5  pos:0 ino:40e sdev:10
tfd:       12 events: 40000018 data: ffffffffffffffff  pos:0 ino:311b sdev:5
"""


def test_the_mode_comes_from_the_low_bits() -> None:
    assert parse_fdinfo(b"pos:\t0\nflags:\t0100000\n").mode == 0
    assert parse_fdinfo(b"flags:\t02004001\n").mode == 1
    assert parse_fdinfo(b"flags:\t02\n").mode == 2


def test_fields_of_special_descriptors() -> None:
    assert parse_fdinfo(b"flags:\t02\neventfd-count:  0\neventfd-id: 7\n").eventfd == 7
    assert parse_fdinfo(b"flags:\t02\nPid:\t-1\nNSpid:\t0\n").pid == -1
    locked = parse_fdinfo(b"flags:\t01\nlock:\t1: FLOCK  ADVISORY  WRITE 9 fe:00:5 0 EOF\n")
    assert locked.locks == ("FLOCK",)


def test_an_epoll_set_lists_its_members() -> None:
    assert parse_fdinfo(EPOLL).epoll == (
        EpollItem(5, 0x19, 0x40E),
        EpollItem(12, 0x40000018, 0x311B),
    )


def test_old_kernels_do_not_tell_the_inode_of_a_member() -> None:
    info = parse_fdinfo(b"flags:\t02\ntfd:        5 events:       19 data:                5\n")
    assert info.epoll == (EpollItem(5, 0x19, None),)


@given(st.binary(max_size=200))
def test_unknown_lines_do_no_harm(data: bytes) -> None:
    lines = b"".join(b"x-" + line + b"\n" for line in data.splitlines())
    assert parse_fdinfo(b"flags:\t01\n" + lines).mode == 1


def test_identity_is_that_of_stat(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    expected = path.stat()
    assert identify(str(path)) == (expected.st_dev, expected.st_ino, expected.st_mode)


def test_the_master_side_of_a_terminal_has_its_number() -> None:
    info = parse_fdinfo(b"pos:\t0\nflags:\t0100002\nmnt_id:\t24\nino:\t91\ntty-index:\t3\n")
    assert info.terminal == 3
