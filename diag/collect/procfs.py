"""The text files of `/proc/PID` (proc(5)): read and parsed, nothing judged."""

import os
from pathlib import Path
from typing import NamedTuple

from diag.model.thread import Syscall

PF_FORKNOEXEC = 0x40  # linux/sched.h: forked, but did not exec
PF_KTHREAD = 0x00200000  # linux/sched.h: a kernel thread

_CHUNK = 1 << 16
_MAX_BYTES = 1 << 24  # /proc/net/tcp of a busy server is a few megabytes


class Stat(NamedTuple):
    """The fields of `/proc/PID/stat` that diag uses.

    Attributes:
        tid: process or thread id.
        name: comm.
        state: one letter.
        parent_pid: field 4.
        group: process group, field 5.
        flags: of the task (`PF_`...), field 9.
        major_faults: pages that had to be read from storage, field 12.
        user_ticks: field 14.
        system_ticks: field 15.
        threads: how many the process has, field 20.
        start_ticks: since boot, field 22.
        rss_pages: resident pages, field 24; per-CPU counters make it inexact by a few.
        exit_code: field 52 as wait4 would give it, 0 to readers who may not know.

    """

    tid: int
    name: str
    state: str
    parent_pid: int
    group: int
    flags: int
    major_faults: int
    user_ticks: int
    system_ticks: int
    threads: int
    start_ticks: int
    rss_pages: int
    exit_code: int


class Status(NamedTuple):
    """The fields of `/proc/PID/status` that diag uses; None where the kernel has none.

    Attributes:
        pids: NSpid: from the observer's pid namespace to the innermost.
        process: Tgid, the process a thread belongs to.
        uid: real user id.
        tracer: TracerPid, 0 if none.
        signals_caught: SigCgt.
        rss_bytes: VmRSS.
        voluntary_switches: of this thread.
        involuntary_switches: of this thread.

    """

    pids: tuple[int, ...] = ()
    process: int | None = None
    uid: int | None = None
    tracer: int = 0
    signals_caught: int | None = None
    rss_bytes: int | None = None
    voluntary_switches: int | None = None
    involuntary_switches: int | None = None


def read_once(path: str | Path) -> bytes:
    """Return what one read gives: whole for the files of a single short record.

    Raises:
        OSError: gone or not permitted.

    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return os.read(fd, _CHUNK)
    finally:
        os.close(fd)


def read_all(path: str | Path, *, limit: int = _MAX_BYTES) -> bytes:
    """Return the file's bytes, at most about `limit`.

    Raises:
        OSError: gone or not permitted.

    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        chunks = []
        while limit > 0 and (chunk := os.read(fd, _CHUNK)):
            chunks.append(chunk)
            limit -= len(chunk)
        return b"".join(chunks)
    finally:
        os.close(fd)


def printable(text: bytes) -> str:
    """Decode what a program chose itself: any bytes give a string that JSON can hold."""
    return text.decode("utf-8", "backslashreplace")


def parse_stat(data: bytes) -> Stat:
    """Parse a stat file; the name may hold any bytes, parentheses and newlines too.

    Raises:
        ValueError: not a stat file.

    """
    head, closing, tail = data.rpartition(b")")
    number, opening, name = head.partition(b" (")
    fields = tail.split()
    if not closing or not opening or len(fields) < 50:
        raise ValueError(f"not a stat file: {data[:80]!r}")
    return Stat(
        tid=int(number),
        name=printable(name),
        state=printable(fields[0]),
        parent_pid=int(fields[1]),
        group=int(fields[2]),
        flags=int(fields[6]),
        major_faults=int(fields[9]),
        user_ticks=int(fields[11]),
        system_ticks=int(fields[12]),
        threads=int(fields[17]),
        start_ticks=int(fields[19]),
        rss_pages=int(fields[21]),
        exit_code=int(fields[49]),
    )


def parse_status(data: bytes) -> Status:
    """Parse a status file; the kernel escapes newlines in the name, so no line is forged."""
    pids = _field(data, b"NSpid")
    process = _field(data, b"Tgid")
    uid = _field(data, b"Uid")
    caught = _field(data, b"SigCgt")
    rss = _field(data, b"VmRSS")
    tracer = _field(data, b"TracerPid")
    voluntary = _field(data, b"voluntary_ctxt_switches")
    involuntary = _field(data, b"nonvoluntary_ctxt_switches")
    return Status(
        pids=tuple(map(int, pids)),
        process=int(process[0]) if process else None,
        uid=int(uid[0]) if uid else None,
        tracer=int(tracer[0]) if tracer else 0,
        signals_caught=int(caught[0], 16) if caught else None,
        rss_bytes=int(rss[0]) * 1024 if rss else None,
        voluntary_switches=int(voluntary[0]) if voluntary else None,
        involuntary_switches=int(involuntary[0]) if involuntary else None,
    )


def parse_syscall(data: bytes) -> Syscall | None:
    """Parse a syscall file; None means that the thread runs.

    Raises:
        ValueError: not a syscall file.

    """
    fields = data.split()
    if fields == [b"running"]:
        return None
    if len(fields) not in (3, 9):
        raise ValueError(f"not a syscall file: {data[:120]!r}")
    numbers = [int(field, 16) for field in fields[1:]]
    return Syscall(
        number=int(fields[0]),
        args=tuple(numbers[:-2]),
        stack_pointer=numbers[-2],
        program_counter=numbers[-1],
    )


def list_numbers(path: str | Path) -> list[int]:
    """Return the entries of a directory that are numbers, in order: pids, tids, descriptors.

    Raises:
        OSError: gone or not permitted.

    """
    names = os.listdir(path)  # noqa: PTH208 - called for every process of the machine
    return sorted(int(name) for name in names if name.isdecimal())


def read_link(path: str) -> str:
    """Return what a symbolic link of `/proc` says.

    Raises:
        OSError: gone or not permitted.

    """
    target = os.readlink(path)  # noqa: PTH115 - called for every descriptor of the machine
    return printable(os.fsencode(target))


def _field(data: bytes, name: bytes) -> list[bytes]:
    key = b"\n" + name + b":"
    start = data.find(key)
    if start < 0:
        return []
    start += len(key)
    end = data.find(b"\n", start)
    return data[start : end if end >= 0 else len(data)].split()
