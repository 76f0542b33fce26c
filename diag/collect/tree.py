"""The process tree beneath a root, from `/proc` alone."""

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from diag.collect.memory import PROC
from diag.collect.procfs import Stat, list_numbers, parse_stat, read_once
from diag.model.gap import Gap


class Node(NamedTuple):
    """A process found on the way down; `stat` is of its main thread."""

    pid: int
    stat: Stat


class Tree(NamedTuple):
    """The root first, each parent before its children."""

    nodes: tuple[Node, ...]
    gaps: tuple[Gap, ...]


def read_stat(pid: int, *, proc_root: Path = PROC) -> Stat:
    """Read the stat file of a process.

    Raises:
        OSError: gone or not visible.

    """
    return parse_stat(read_once(f"{proc_root}/{pid}/stat"))


def read_tree(root: int, *, also: Iterable[int] = (), proc_root: Path = PROC) -> Tree:
    """Find the root and all that descends from it.

    `also` are processes that belong to the tree though they descend from the root
    no more, since the parents between have ended; they come with their descendants.

    Children come from `/proc/PID/task/TID/children` (CONFIG_PROC_CHILDREN), else
    from the parents that all processes name. A child that ends meanwhile is a gap.

    Raises:
        OSError: the root is gone or not visible.

    """
    found = {root: Node(root, read_stat(root, proc_root=proc_root))}
    gaps: list[Gap] = []
    by_parent: dict[int, list[int]] | None = None
    queue = deque([root])
    strays = deque(also)
    while queue or strays:
        if not queue:
            stray = strays.popleft()
            if stray not in found:
                _find(stray, found, queue, proc_root)
            continue
        parent = queue.popleft()
        children = _listed_children(parent, proc_root)
        if children is None:
            if by_parent is None:
                by_parent = _scan_parents(proc_root)
            children = by_parent.get(parent, [])
        for pid in children:
            if pid in found:
                continue
            if not _find(pid, found, queue, proc_root):
                gaps.append(Gap(what="process", because=_ended(pid, parent), pid=pid))
    return Tree(tuple(found.values()), tuple(gaps))


def _find(pid: int, found: dict[int, Node], queue: deque[int], proc_root: Path) -> bool:
    """Add a process whose children are to be found; False if it has ended."""
    try:
        found[pid] = Node(pid, read_stat(pid, proc_root=proc_root))
    except OSError:
        return False
    queue.append(pid)
    return True


def _ended(pid: int, parent: int) -> str:
    return f"child {pid} of {parent} ended while it was looked at"


def _listed_children(pid: int, proc_root: Path) -> list[int] | None:
    """Return the children that the kernel lists, None if it keeps no such lists."""
    children: list[int] = []
    try:
        tids = list_numbers(f"{proc_root}/{pid}/task")
    except OSError:
        return []  # it ended: its children belong to another parent now
    supported = False
    for tid in tids:
        try:
            data = read_once(f"{proc_root}/{pid}/task/{tid}/children")
        except FileNotFoundError:
            continue  # the thread ended, or the kernel has no such file
        except OSError:
            continue
        supported = True
        children.extend(map(int, data.split()))
    return children if supported else None


def _scan_parents(proc_root: Path) -> dict[int, list[int]]:
    by_parent: dict[int, list[int]] = {}
    for pid in list_numbers(proc_root):
        try:
            stat = read_stat(pid, proc_root=proc_root)
        except OSError:
            continue  # it ended: no child of anyone
        by_parent.setdefault(stat.parent_pid, []).append(pid)
    return by_parent
