from pathlib import Path

from diag.collect.access import remedy


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
