"""A snapshot, found by key."""

from collections import defaultdict
from functools import cached_property

from diag.analysis.bystanders import Bystanders, bystanders_among
from diag.model.channel import Channel
from diag.model.ids import ThreadId
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.thread import Thread
from diag.model.wait import WaitKind


class Tree:
    """The processes, threads and channels of one snapshot by their ids.

    Threads that have ended (state Z or X) are left out: they neither wait nor act.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.processes: dict[int, Process] = {p.pid: p for p in snapshot.processes}
        self.channels: dict[str, Channel] = {c.id: c for c in snapshot.channels}
        self.threads: dict[ThreadId, Thread] = {
            thread_id: thread
            for thread_id, _, thread in snapshot.threads()
            if thread.wait.kind is not WaitKind.EXITED
        }

    @cached_property
    def threads_of(self) -> dict[int, tuple[ThreadId, ...]]:
        """Thread ids by pid; a pid without threads has an empty entry."""
        found: dict[int, list[ThreadId]] = defaultdict(list)
        for thread_id in self.threads:
            found[thread_id.pid].append(thread_id)
        return {pid: tuple(found.get(pid, ())) for pid in self.processes}

    @cached_property
    def children_of(self) -> dict[int, tuple[int, ...]]:
        """Pids of children by pid."""
        found: dict[int, list[int]] = defaultdict(list)
        for process in self.processes.values():
            found[process.parent_pid].append(process.pid)
        return {pid: tuple(found.get(pid, ())) for pid in self.processes}

    def descendants_of(self, pid: int) -> frozenset[int]:
        """Pids of the children of a process, of theirs, and so on."""
        found: set[int] = set()
        front = [pid]
        while front:
            children = self.children_of.get(front.pop(), ())
            front.extend(child for child in children if child not in found)
            found.update(children)
        return frozenset(found)

    @cached_property
    def bystanders_of(self) -> dict[int, Bystanders]:
        """The threads that do nothing for the program, by pid."""
        return {
            pid: bystanders_among({thread_id: self.threads[thread_id] for thread_id in thread_ids})
            for pid, thread_ids in self.threads_of.items()
        }

    def thread_with_ident(self, pid: int, ident: int) -> ThreadId | None:
        """Return the thread of the process that has this pthread id, or None."""
        return next((t for t in self.threads_of[pid] if self.threads[t].ident == ident), None)

    def forked_from(self, process: Process) -> Process | None:
        """Return the process whose memory this one copied by fork, if it was read.

        None for a process that has called exec, or whose parent has ended or
        is no longer the one that forked it.
        """
        if not process.forked_without_exec:
            return None
        parent = self.processes.get(process.parent_pid) or self._context.get(process.parent_pid)
        if parent is None or parent.id.start_ticks > process.id.start_ticks:
            return None
        return parent

    @cached_property
    def _context(self) -> dict[int, Process]:
        return {process.pid: process for process in self.snapshot.context}
