"""Which unreadable processes could hold an end of a pipe of the tree."""

from pathlib import Path

from diag.collect.memory import PROC
from diag.collect.tree import read_stat

_MAX_DEPTH = 64
_INIT = 1  # ancestor of everyone: adopts orphans, and so is no sign of kinship


def hidden_relatives(
    unreadable: tuple[int, ...], *, root: int, proc_root: Path = PROC
) -> tuple[int, ...]:
    """Return those of `unreadable` that are ancestors of the root or descend from one.

    Descriptors travel by fork: from an ancestor to its descendants (`program | sudo tee`).
    A process without such kinship can only have been sent one (SCM_RIGHTS); then the
    channel shows no holder at all, or a holder of the same end that is seen.
    """
    if not unreadable:
        return ()
    family = set(_ancestors(root, proc_root)) | {root}
    return tuple(
        pid
        for pid in unreadable
        if pid in family or family.intersection(_ancestors(pid, proc_root))
    )


def _ancestors(pid: int, proc_root: Path) -> list[int]:
    found: list[int] = []
    for _ in range(_MAX_DEPTH):
        try:
            pid = read_stat(pid, proc_root=proc_root).parent_pid
        except OSError:
            break  # ended, or hidden (hidepid)
        if pid <= _INIT:
            break
        found.append(pid)
    return found
