from pathlib import Path

from diag.collect.access import remedy
from diag.collect.kin import hidden_relatives
from tests.unit.collect.fake_proc import FakeProc


def yama(root: Path, scope: int) -> None:
    folder = root / "sys/kernel/yama"
    folder.mkdir(parents=True)
    (folder / "ptrace_scope").write_text(f"{scope}\n")


def test_each_obstacle_has_its_remedy(tmp_path: Path) -> None:
    assert "CAP_SYS_PTRACE" in remedy(0, proc_root=tmp_path, observer_uid=0)
    assert remedy(7, proc_root=tmp_path, observer_uid=5) == "run diag as root or as uid 7"
    assert "dumpable" in remedy(5, proc_root=tmp_path, observer_uid=5)
    yama(tmp_path, 1)
    assert "kernel.yama.ptrace_scope is 1" in remedy(5, proc_root=tmp_path, observer_uid=5)


def test_only_relatives_of_the_tree_can_have_inherited_a_descriptor(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    for pid, parent in ((1, 0), (5, 1), (10, 5), (20, 10), (30, 5), (31, 30), (40, 1), (41, 40)):
        proc.process(pid, parent=parent)
    # 5 is the shell, 10 the root, 20 its child, 30 a sibling (`| sudo tee`), 40 a daemon
    unreadable = (1, 5, 20, 30, 31, 40, 41)
    assert hidden_relatives(unreadable, root=10, proc_root=tmp_path) == (5, 20, 30, 31)
