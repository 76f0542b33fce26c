"""One process with its threads as `/proc` shows them; what they wait for is not yet understood."""

import errno
import os
import time
from pathlib import Path
from typing import NamedTuple

from diag.collect.access import remedy
from diag.collect.memory import PROC
from diag.collect.procfs import (
    PF_FORKNOEXEC,
    Stat,
    Status,
    list_numbers,
    parse_stat,
    parse_status,
    parse_syscall,
    printable,
    read_all,
    read_link,
    read_once,
)
from diag.collect.redact import mask_command
from diag.collect.tree import Node
from diag.collect.waits import Blocked
from diag.model.gap import Gap
from diag.model.ids import ProcessId
from diag.model.process import Process
from diag.model.thread import Thread
from diag.model.wait import Wait, WaitKind

_MAX_COMMAND_BYTES = 1 << 15
_DENIED = (errno.EACCES, errno.EPERM)
_EXITED = ("Z", "X", "x")
_MAY_NOT = "its system call may not be read"
_UNDECIDED = Wait(kind=WaitKind.UNKNOWN, unknown="not looked at yet")


class ThreadReading(NamedTuple):
    """A thread and what its wait is to be told from; `thread.wait` is a placeholder."""

    thread: Thread
    blocked: Blocked


class ProcessReading(NamedTuple):
    """A process as read.

    Attributes:
        process: without threads.
        process_id: the process that `node.pid` belongs to: another one if it is a thread's id.
        group: its process group, observer's namespace.
        pids: its pid in every pid namespace from the observer's inwards.
        threads: main thread first.
        alive_tid: a thread whose memory and descriptors are those of the process:
            the main thread, unless that one has exited before the others.
        denied: True if no thread's system call may be read.

    """

    process: Process
    process_id: int
    group: int
    pids: tuple[int, ...]
    threads: tuple[ThreadReading, ...]
    alive_tid: int
    denied: bool


def read_process(node: Node, *, proc_root: Path = PROC) -> ProcessReading:
    """Read a process; what cannot be read becomes a gap of it."""
    base = f"{proc_root}/{node.pid}"
    status = _read_status(base)
    threads = _read_threads(base, node)
    alive = [each for each in threads if each.thread.state not in _EXITED]
    denied = bool(alive) and all(each.blocked.unreadable == _MAY_NOT for each in alive)
    gaps = list(_thread_gaps(node.pid, status.uid, alive, proc_root))
    state = _state(node.stat, threads)
    if not threads:
        gaps.append(Gap(what="threads", because="it ended while it was looked at", pid=node.pid))
    process = Process(
        id=ProcessId(pid=node.pid, start_ticks=node.stat.start_ticks),
        parent_pid=node.stat.parent_pid,
        name=node.stat.name,
        state=state,
        inner_pid=status.pids[-1] if status.pids else None,
        command=_read_command(base),
        executable=_read_link(base, "exe"),
        uid=status.uid,
        forked_without_exec=bool(node.stat.flags & PF_FORKNOEXEC),
        signals_caught=status.signals_caught,
        exit_status=_exit_status(base, status.uid) if state == "Z" else None,
        traced_by=status.tracer,
        rss_bytes=status.rss_bytes,
        gaps=tuple(gaps),
    )
    return ProcessReading(
        process=process,
        process_id=status.process or node.pid,
        group=node.stat.group,
        pids=status.pids or (node.pid,),
        threads=threads,
        alive_tid=alive[0].thread.tid if alive else node.pid,
        denied=denied,
    )


def _read_threads(base: str, node: Node) -> tuple[ThreadReading, ...]:
    try:
        tids = list_numbers(f"{base}/task")
    except OSError:
        return ()
    tids.sort(key=lambda tid: tid != node.pid)
    readings = (_read_thread(f"{base}/task/{tid}", tid) for tid in tids)
    return tuple(reading for reading in readings if reading is not None)


def _read_thread(base: str, tid: int) -> ThreadReading | None:
    """Read a thread, None if it has ended.

    The switch counters come first: when a later look finds them unchanged, the
    thread has not run since, and the system call read after them still stands.
    """
    try:
        read_at_s = time.monotonic()
        status = parse_status(read_once(f"{base}/status"))
        syscall, unreadable = None, None
        try:
            syscall = parse_syscall(read_once(f"{base}/syscall"))
        except OSError as error:
            unreadable = _unreadable(error)
        stat = parse_stat(read_once(f"{base}/stat"))
        wchan = _read_wchan(base)
    except OSError:
        return None  # the thread ended: no row, it waits for nothing
    thread = Thread(
        tid=tid,
        inner_tid=status.pids[-1] if status.pids else None,
        name=stat.name,
        state=stat.state,
        start_ticks=stat.start_ticks,
        user_ticks=stat.user_ticks,
        system_ticks=stat.system_ticks,
        voluntary_switches=status.voluntary_switches,
        involuntary_switches=status.involuntary_switches,
        read_at_s=read_at_s,
        syscall=syscall,
        wchan=wchan,
        wait=_UNDECIDED,
    )
    return ThreadReading(thread, Blocked(stat.state, syscall, wchan, unreadable))


def _unreadable(error: OSError) -> str:
    if error.errno in _DENIED:
        return _MAY_NOT
    if error.errno == errno.ENOENT:
        return "this kernel does not show system calls (CONFIG_HAVE_ARCH_TRACEHOOK)"
    return f"its system call could not be read: {error.strerror}"


def _thread_gaps(
    pid: int, uid: int | None, alive: list[ThreadReading], proc_root: Path
) -> tuple[Gap, ...]:
    """One gap for the process, as the reason is the same for all of its threads."""
    reasons = {each.blocked.unreadable for each in alive if each.blocked.unreadable}
    if not reasons:
        return ()
    because = "; ".join(sorted(reasons))
    if _MAY_NOT in reasons:
        because += f": {remedy(uid, proc_root=proc_root)}"
    return (Gap(what="waits", because=because, pid=pid),)


def _state(stat: Stat, threads: tuple[ThreadReading, ...]) -> str:
    return threads[0].thread.state if threads and threads[0].thread.tid == stat.tid else stat.state


def _read_status(base: str) -> Status:
    try:
        return parse_status(read_once(f"{base}/status"))
    except OSError:
        return Status()  # it ended: the empty list of threads tells


def _read_wchan(base: str) -> str | None:
    """Return the kernel function, None for "0": running, or not allowed to know."""
    try:
        name = printable(read_once(f"{base}/wchan"))
    except OSError:
        return None  # a hint only
    return name if name not in ("", "0") else None


def _read_command(base: str) -> tuple[str, ...]:
    try:
        data = read_all(f"{base}/cmdline", limit=_MAX_COMMAND_BYTES)
    except OSError:
        return ()
    return mask_command([printable(word) for word in data.removesuffix(b"\0").split(b"\0") if data])


def _read_link(base: str, name: str) -> str | None:
    try:
        return read_link(f"{base}/{name}")
    except OSError:
        return None


def _exit_status(base: str, uid: int | None) -> int | None:
    """Return the exit code of a zombie; the kernel shows 0 to those who may not know it."""
    if os.geteuid() not in (0, uid):
        return None
    try:
        return parse_stat(read_once(f"{base}/stat")).exit_code
    except OSError:
        return None
