"""Which unreadable processes could hold an end of a pipe of the tree, and of which pipes."""

from pathlib import Path
from typing import NamedTuple

from diag.collect.descriptors import read_fdinfo, read_link
from diag.collect.memory import PROC
from diag.collect.procfs import PF_FORKNOEXEC, list_numbers
from diag.collect.tree import read_stat

_MAX_DEPTH = 64
_INIT = 1  # ancestor of everyone: adopts orphans, and so is no sign of kinship


class Hidden(NamedTuple):
    """Processes whose descriptors may not be read, though they may share some of the tree's.

    Descriptors travel by fork, from an ancestor to its descendants. A process without
    such kinship can only have been sent one (SCM_RIGHTS); then nobody is seen to hold
    that end, or somebody who is seen holds it too.

    Attributes:
        below: in the tree: they may have inherited anything.
        around: ancestors of the root and what descends from them (`program | sudo
            tee`): they share only what the root was started with.
        inherited: channel keys that the root may have been started with; None if
            that is not known.

    """

    below: tuple[int, ...] = ()
    around: tuple[int, ...] = ()
    inherited: frozenset[str] | None = frozenset()

    def sharing(self, keys: frozenset[str]) -> tuple[int, ...]:
        """Return the processes that may have a descriptor that leads to one of `keys`."""
        shared = self.inherited is None or bool(keys & self.inherited)
        return self.below + (self.around if shared else ())


def find_hidden(unreadable: tuple[int, ...], *, root: int, proc_root: Path = PROC) -> Hidden:
    """Sort those of `unreadable` that are relatives of the root."""
    family = set(_ancestors(root, proc_root))
    below: list[int] = []
    around: list[int] = []
    for pid in unreadable:
        line = {pid, *_ancestors(pid, proc_root)}
        if root in line:
            below.append(pid)
        elif family & line:
            around.append(pid)
    inherited = _inherited(root, proc_root) if around else frozenset[str]()
    return Hidden(tuple(below), tuple(around), inherited)


def _inherited(root: int, proc_root: Path) -> frozenset[str] | None:
    """Return what the root may have been started with: what has no close-on-exec flag.

    Descriptors with the flag were made since its exec; Python sets it on all it makes
    (PEP 446). A root that did not exec shares with its parent whatever it likes.
    """
    found = set()
    try:
        if read_stat(root, proc_root=proc_root).flags & PF_FORKNOEXEC:
            return None
        for fd in list_numbers(f"{proc_root}/{root}/fd"):
            info = read_fdinfo(root, fd, proc_root=proc_root)
            if not info.close_on_exec:
                found.add(read_link(root, fd, proc_root=proc_root))
                found.add(f"eventfd:{info.eventfd}")
    except OSError:
        return None  # a descriptor was closed meanwhile, or it may not be read
    return frozenset(found)


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
