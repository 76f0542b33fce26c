from pathlib import Path

from diag.collect.kin import Hidden, find_hidden
from tests.unit.collect.fake_proc import FakeProc

FORKED = 0x40


def family(root: Path, *, flags: int = 0) -> FakeProc:
    """5 is the shell, 10 the root, 20 its child, 30 a sibling (`| sudo tee`), 40 a daemon."""
    proc = FakeProc(root)
    for pid, parent in ((1, 0), (5, 1), (20, 10), (30, 5), (31, 30), (40, 1), (41, 40)):
        proc.process(pid, parent=parent)
    proc.process(10, parent=5, flags=flags)
    return proc


def test_only_relatives_can_have_inherited_a_descriptor(tmp_path: Path) -> None:
    family(tmp_path)
    found = find_hidden((1, 5, 20, 30, 31, 40, 41), root=10, proc_root=tmp_path)
    assert found.below == (20,)
    assert found.around == (5, 30, 31)


def test_ancestors_share_what_the_root_was_started_with(tmp_path: Path) -> None:
    proc = family(tmp_path)
    proc.descriptor(10, 1, "pipe:[5]", flags="01")
    proc.descriptor(10, 4, "pipe:[6]", flags="02000001")  # made since its exec
    found = find_hidden((5,), root=10, proc_root=tmp_path)
    assert found.sharing(frozenset({"pipe:[5]"})) == (5,)
    assert found.sharing(frozenset({"pipe:[6]"})) == ()


def test_a_root_that_did_not_exec_may_share_anything(tmp_path: Path) -> None:
    family(tmp_path, flags=FORKED)
    found = find_hidden((5,), root=10, proc_root=tmp_path)
    assert found.sharing(frozenset({"pipe:[6]"})) == (5,)


def test_a_child_may_share_anything() -> None:
    assert Hidden(below=(20,)).sharing(frozenset({"pipe:[6]"})) == (20,)
