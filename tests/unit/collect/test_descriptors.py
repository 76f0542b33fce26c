import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from diag.collect.descriptors import (
    EpollItem,
    file_key,
    find_holders,
    identify,
    parse_fdinfo,
)
from tests.unit.collect.fake_proc import FakeProc

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


def test_holders_are_found_in_all_processes(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    for pid in (10, 20, 30):
        proc.process(pid)
    proc.descriptor(10, 3, "pipe:[55]", flags="00")
    proc.descriptor(20, 4, "pipe:[55]", flags="01")
    proc.descriptor(30, 5, "pipe:[56]")
    proc.descriptor(30, 6, "socket:[77]")
    proc.descriptor(30, 7, "anon_inode:[eventfd]", more="eventfd-id: 9\n")
    proc.descriptor(10, 8, "anon_inode:[eventfd]", more="eventfd-id: 8\n")
    found = find_holders({"pipe:[55]", "socket:[77]", "eventfd:9"}, proc_root=tmp_path)
    places = {key: [(held.pid, held.fd) for held in each] for key, each in found.by_key.items()}
    assert places == {
        "pipe:[55]": [(10, 3), (20, 4)],
        "socket:[77]": [(30, 6)],
        "eventfd:9": [(30, 7)],
    }
    modes = [held.info.mode for held in found.by_key["pipe:[55]"] if held.info]
    assert modes == [0, 1]
    assert found.unreadable == ()


def test_files_are_compared_by_what_they_are(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path / "proc")
    fifo, other = tmp_path / "fifo", tmp_path / "other"
    os.mkfifo(fifo)
    os.mkfifo(other)
    hard_link = tmp_path / "another name"
    hard_link.hardlink_to(fifo)
    proc.process(10)
    proc.descriptor(10, 3, str(fifo), flags="00")
    proc.descriptor(10, 4, str(hard_link), flags="01")
    proc.descriptor(10, 5, str(other))
    proc.descriptor(10, 6, "/gone (deleted)")
    key = file_key(identify(str(fifo)))
    assert key.startswith("fifo:")
    found = find_holders({key}, proc_root=tmp_path / "proc")
    assert [held.fd for held in found.by_key[key]] == [3, 4]


def test_a_main_thread_that_has_exited_leaves_the_descriptors_to_the_others(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    base = proc.process(10, state="Z")
    proc.thread(10, 11)
    (base / "task/11/fd").mkdir()
    (base / "task/11/fd/3").symlink_to("socket:[77]")
    found = find_holders({"socket:[77]"}, proc_root=tmp_path)
    assert [(held.pid, held.fd) for held in found.by_key["socket:[77]"]] == [(10, 3)]


def test_identity_is_that_of_stat(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    expected = path.stat()
    assert identify(str(path)) == (expected.st_dev, expected.st_ino, expected.st_mode)
