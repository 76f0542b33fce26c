import os
from pathlib import Path

from diag.collect.descriptors import file_key, identify
from diag.collect.holders import find_holders
from tests.unit.collect.fake_proc import FakeProc


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
