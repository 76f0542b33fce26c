"""Counters of a process tree at one moment, from `/proc` and the control groups.

A process costs about 50 microseconds: five small files and one stat(2). What rarely changes
(limits, group folders) is read once by a `Sampler`.
"""

import os
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from diag.collect.cgroup import CgroupError
from diag.collect.connections import shared_connections
from diag.collect.endings import Endings
from diag.collect.groupcounters import GroupCounters
from diag.collect.limits import parse_rlimit
from diag.collect.memory import PROC
from diag.collect.procfs import (
    PF_FORKNOEXEC,
    list_numbers,
    parse_status,
    printable,
    read_link,
    read_once,
)
from diag.collect.tree import Node, read_tree
from diag.errors import TargetGoneError
from diag.model.gap import Gap
from diag.model.ids import ProcessId
from diag.model.sample import ProcessSample, Sample, SharedConnection

_MAX_KINDS_READ = 5000


def take_sample(root_pid: int, *, proc_root: Path = PROC) -> Sample:
    """Read the counters of a tree once; see `Sampler` for doing it often.

    Raises:
        TargetGoneError: there is no such process.

    """
    with closing(Sampler(root_pid, proc_root=proc_root)) as sampler:
        return sampler.take()


class Sampler:
    """Reads the counters of one tree again and again."""

    def __init__(self, root_pid: int, *, proc_root: Path = PROC) -> None:
        self._root_pid, self._proc_root = root_pid, proc_root
        self._group = GroupCounters(root_pid, root=proc_root.parent)
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")
        self._open_limits: dict[ProcessId, int | None] = {}
        self._endings = Endings(proc_root=proc_root)

    def close(self) -> None:
        """Let go of the processes that are followed."""
        self._endings.close()

    def take(self, *, connections: bool = False) -> Sample:
        """Read the counters now.

        Args:
            connections: whether to look for connections that a fork has shared, which
                costs as much again for each process with few descriptors.

        Raises:
            TargetGoneError: the root has ended.

        """
        at_s, taken_at_unix_s = time.monotonic(), time.time()
        try:
            tree = read_tree(self._root_pid, proc_root=self._proc_root)
        except OSError as error:
            raise TargetGoneError(f"process {self._root_pid} has ended") from error
        processes = tuple(map(self._read, tree.nodes))
        ids = [process.id for process in processes]
        ended = tuple(self._endings.of_those_gone(ids))
        self._endings.follow(ids[1:])
        group, gaps = self._group.read()
        shared: tuple[SharedConnection, ...] | None = None
        hidden: tuple[Gap, ...] = ()
        if connections:
            shared, hidden = self._connections(processes)
        return Sample(
            root=processes[0].id,
            at_s=at_s,
            taken_at_unix_s=taken_at_unix_s,
            processes=processes,
            group=group,
            connections=shared,
            ended=ended,
            gaps=tree.gaps + gaps + hidden,
        )

    def _connections(
        self, processes: tuple[ProcessSample, ...]
    ) -> tuple[tuple[SharedConnection, ...], tuple[Gap, ...]]:
        """Look at those that were forked and did not exec, and at their parents."""
        forked = [process for process in processes if process.forked_without_exec]
        family = {process.pid for process in forked} | {process.parent_pid for process in forked}
        pids = [process.pid for process in processes if process.pid in family]
        return shared_connections(pids, proc_root=self._proc_root) if pids else ((), ())

    def _read(self, node: Node) -> ProcessSample:
        base, stat = f"{self._proc_root}/{node.pid}", node.stat
        process_id = ProcessId(pid=node.pid, start_ticks=stat.start_ticks)
        status = _try_read(f"{base}/status")
        io = _try_read(f"{base}/io")
        open_files = _count_descriptors(f"{base}/fd")
        limit = self._open_limit(process_id, base)
        crowded = open_files is not None and limit is not None and open_files * 2 >= limit
        return ProcessSample(
            id=process_id,
            parent_pid=stat.parent_pid,
            name=stat.name,
            state=stat.state,
            user_ticks=stat.user_ticks,
            system_ticks=stat.system_ticks,
            threads=stat.threads,
            rss_bytes=max(0, stat.rss_pages) * self._page_bytes,
            voluntary_switches=_number(status, b"\nvoluntary_ctxt_switches:"),
            involuntary_switches=_number(status, b"\nnonvoluntary_ctxt_switches:"),
            major_faults=stat.major_faults,
            read_bytes=_number(io, b"\nread_bytes:"),
            write_bytes=_number(io, b"\nwrite_bytes:"),
            open_files=open_files,
            open_files_limit=limit,
            open_kinds=_descriptor_kinds(f"{base}/fd") if crowded else {},
            run_delay_s=_run_delay_s(base),
            exit_status=_exit_status(node, status),
            forked_without_exec=bool(stat.flags & PF_FORKNOEXEC),
        )

    def _open_limit(self, process_id: ProcessId, base: str) -> int | None:
        if process_id not in self._open_limits:
            path = Path(f"{base}/limits")
            text = printable(_try_read(path))
            try:
                limit = parse_rlimit(text, "Max open files", path)
            except CgroupError:
                limit = None  # it ended: the file was empty
            self._open_limits[process_id] = limit
        return self._open_limits[process_id]


def _try_read(path: str | Path) -> bytes:
    """Return a file's bytes, none if the process ended or does not let it be read."""
    try:
        return read_once(path)
    except OSError:
        return b""


def _number(data: bytes, label: bytes) -> int | None:
    """Return the number after a label such as "\\nread_bytes:", None if it is not there."""
    start = data.find(label)
    if start < 0:
        return None
    start += len(label)
    end = data.find(b"\n", start)
    return int(data[start : end if end >= 0 else len(data)])


def _count_descriptors(folder: str) -> int | None:
    """Count open descriptors: the size of the folder since Linux 6.2, 0 before."""
    try:
        size = os.stat(folder).st_size  # noqa: PTH116 - called often
        return size or len(list_numbers(folder))
    except OSError:
        return None


def _descriptor_kinds(folder: str) -> dict[str, int]:
    """Count descriptors by kind, most frequent first; paths are not kept."""
    kinds: Counter[str] = Counter()
    try:
        for number in list_numbers(folder)[:_MAX_KINDS_READ]:
            kinds[_kind(_try_link(f"{folder}/{number}"))] += 1
    except OSError:
        return {}
    return dict(kinds.most_common())


def _try_link(path: str) -> str:
    try:
        return read_link(path)
    except OSError:
        return "closed"


def _kind(target: str) -> str:
    """Return "socket" for "socket:[12]", "eventpoll" for "anon_inode:[eventpoll]"."""
    if target.startswith("/dev/"):
        return "device"
    if target.startswith("/"):
        return "file"
    kind, _, rest = target.partition(":")
    return rest.strip("[]") if kind == "anon_inode" else kind


def _run_delay_s(base: str) -> float | None:
    """Return the second field of schedstat (Documentation/scheduler/sched-stats.rst)."""
    fields = _try_read(f"{base}/schedstat").split()
    return int(fields[1]) / 1e9 if len(fields) == 3 else None


def _exit_status(node: Node, status: bytes) -> int | None:
    """Return a zombie's exit code; the kernel shows 0 to those who may not know it."""
    if node.stat.state != "Z" or os.geteuid() not in (0, parse_status(status).uid):
        return None
    return node.stat.exit_code
