"""Processes whose control group is frozen, as by `docker pause`.

Version 1 leaves them in state D, version 2 in state S in the midst of whatever they did
(Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst, cgroup-v2.rst).
"""

from pathlib import Path

from msgspec.structs import replace

from diag.collect.cgroup import ROOT, CgroupError, find_group, read_counters, read_word
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.thread import Thread
from diag.model.wait import Wait, WaitKind

_V1, _V1_FILE, _FROZEN = "freezer", "freezer.state", "FROZEN"
_V2, _V2_FILE, _V2_KEY = "frozen of version 2", "cgroup.events", "frozen"  # no controller has it
# Where a frozen thread sleeps: kernel/freezer.c, kernel/signal.c
_SLEEPS_IN = frozenset(("__refrigerator", "do_freezer_trap", "get_signal"))


def add_frozen(snapshot: Snapshot, *, root: Path = ROOT) -> Snapshot:
    """Return the snapshot; threads of frozen processes wait for their group to be thawed.

    Only processes all of whose threads may be frozen are asked for their group.
    """
    processes = tuple(_with_group(process, root) for process in snapshot.processes)
    return replace(snapshot, processes=processes)


def _with_group(process: Process, root: Path) -> Process:
    if not process.threads or not all(map(_may_be_frozen, process.threads)):
        return process
    file = _frozen_by(process.pid, root)
    if file is None:
        return process
    frozen = Wait(kind=WaitKind.FROZEN)
    threads = tuple(replace(thread, wait=frozen) for thread in process.threads)
    return replace(process, threads=threads, frozen_by=str(file))


def _may_be_frozen(thread: Thread) -> bool:
    return thread.state == "D" or thread.wchan in _SLEEPS_IN


def _frozen_by(pid: int, root: Path) -> Path | None:
    try:
        group = find_group(pid, _V1, root=root)
        if group.version == 1 and read_word(group.levels[0], _V1_FILE) == _FROZEN:
            return group.levels[0] / _V1_FILE
        group = find_group(pid, _V2, root=root)
        if group.version == 2 and read_counters(group.levels[0], _V2_FILE).get(_V2_KEY):
            return group.levels[0] / _V2_FILE
    except (OSError, CgroupError):
        return None  # it has ended, or is in no group that can be seen
    return None
