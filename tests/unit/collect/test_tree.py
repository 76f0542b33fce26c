from pathlib import Path

import pytest

from diag.collect.tree import read_tree
from tests.unit.collect.fake_proc import FakeProc


def pids(proc: Path, root: int) -> list[int]:
    return [node.pid for node in read_tree(root, proc_root=proc).nodes]


def test_parents_come_before_children(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, children=(30, 20))
    proc.process(20, parent=10, children=(25,))
    proc.process(30, parent=10)
    proc.process(25, parent=20, start=77)
    proc.process(99)
    tree = read_tree(10, proc_root=tmp_path)
    assert [node.pid for node in tree.nodes] == [10, 30, 20, 25]
    assert tree.nodes[-1].stat.start_ticks == 77
    assert tree.gaps == ()


def test_children_of_every_thread_count(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10)
    proc.thread(10, 11)
    (tmp_path / "10/task/11/children").write_text("20 ")
    proc.process(20, parent=10)
    assert pids(tmp_path, 10) == [10, 20]


def test_without_lists_of_children_the_parents_are_asked(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, children=None)
    proc.process(20, parent=10, children=None, name=") S 99")
    proc.process(30, parent=20, children=None)
    proc.process(40, parent=1, children=None)
    (tmp_path / "50").mkdir()  # it ended while it was looked at
    assert pids(tmp_path, 10) == [10, 20, 30]


def test_a_child_that_vanishes_is_a_gap(tmp_path: Path) -> None:
    FakeProc(tmp_path).process(10, children=(20,))
    tree = read_tree(10, proc_root=tmp_path)
    assert [node.pid for node in tree.nodes] == [10]
    assert [(gap.pid, gap.because) for gap in tree.gaps] == [
        (20, "child 20 of 10 ended while it was looked at")
    ]


def test_a_missing_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_tree(10, proc_root=tmp_path)
