"""Who has run lately: passes over the scheduler's counters of every thread of a tree.

Cheap enough for hours: the files stay open and one `pread` a thread and pass tells
whether it moved (followed.py). Nothing is understood here; that takes a sweep.
"""

import resource
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from diag.collect.followed import Followed, Kept, Pulse, Still
from diag.collect.procfs import read_once
from diag.collect.room import descriptor_limit, raise_descriptor_limit
from diag.collect.tree import read_tree
from diag.model.ids import ProcessId, ThreadId

_FULL_EVERY_S = 10.0  # processes that changed parents, or came without their parent running
_SHARE_KEPT = 1 / 3  # of the descriptors that diag may have
_PAGE_BYTES = resource.getpagesize()


class Seen(NamedTuple):
    """What one pass saw.

    Attributes:
        at_s: CLOCK_MONOTONIC at its start.
        processes: those alive, the root first.
        still: threads that have not run since the pass before.
        members: all threads.
        cost_s: CPU time that the pass took.

    """

    at_s: float
    processes: tuple[Pulse, ...]
    still: frozenset[Still]
    members: frozenset[ThreadId]
    cost_s: float


class Routine:
    """Passes over one tree; a process once seen is followed until it ends.

    Args:
        root: pid of the target.
        adopted: gives further pids that belong to the tree though they do not
            descend from the root any more.
        keep: how many descriptors may stay open between passes; None for as many as leave
            room for looks.

    Raises:
        OSError: the root is gone.

    """

    def __init__(
        self,
        root: int,
        *,
        adopted: Callable[[], Iterable[int]] = tuple,
        keep: int | None = None,
    ) -> None:
        self._root, self._adopted = root, adopted
        raise_descriptor_limit()
        self._kept = Kept(int(descriptor_limit() * _SHARE_KEPT) if keep is None else keep)
        self._processes: dict[int, Followed] = {root: Followed(root, self._kept)}
        self._full_at_s = 0.0

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes of the tree, the root first."""
        return tuple(self._processes)

    @property
    def ids(self) -> tuple[ProcessId, ...]:
        """The processes of the tree, told apart from later ones with their pids."""
        return tuple(process.id for process in self._processes.values())

    def close(self) -> None:
        """Close every file."""
        for process in self._processes.values():
            process.close()
        self._processes.clear()

    def take(self) -> Seen:
        """Make one pass."""
        cpu_s, at_s = time.thread_time(), time.monotonic()
        if at_s >= self._full_at_s:
            self._find_all(at_s)
        pulses: list[Pulse] = []
        still: list[Still] = []
        members: list[ThreadId] = []
        queue = list(self._processes)
        for pid in queue:  # grows while children are found
            if pid not in self._processes and not self._add(pid):
                continue
            process = self._processes[pid]
            pulse = process.read(still, members)
            if pulse is None:
                self._processes.pop(pid).close()
                continue
            pulses.append(pulse)
            if new := process.children - self._processes.keys():
                queue += new.difference(queue)
        return Seen(
            at_s=at_s,
            processes=tuple(pulses),
            still=frozenset(still),
            members=frozenset(members),
            cost_s=time.thread_time() - cpu_s,
        )

    def _find_all(self, at_s: float) -> None:
        self._full_at_s = at_s + _FULL_EVERY_S
        for root in (self._root, *self._adopted()):
            try:
                nodes = read_tree(root).nodes
            except OSError:
                continue  # it ended
            for node in nodes:
                if node.pid not in self._processes:
                    self._add(node.pid)

    def _add(self, pid: int) -> bool:
        try:
            self._processes[pid] = Followed(pid, self._kept)
        except OSError:
            return False  # it ended
        return True


def read_rss(pid: int) -> int | None:
    """Return the resident memory in bytes (field 2 of statm, proc(5)), None if it is gone."""
    try:
        return int(read_once(f"/proc/{pid}/statm").split()[1]) * _PAGE_BYTES
    except OSError:
        return None
