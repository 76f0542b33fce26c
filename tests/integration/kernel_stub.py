"""The kernel's view of some processes, as far as lock tests need it."""

import time
from pathlib import Path

from diag.model.ids import ProcessId
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.thread import Syscall, Thread
from diag.model.wait import Futex, Wait, WaitKind

_PROC = Path("/proc")
_FUTEX = 202
_PF_FORKNOEXEC = 0x40


def sweep(*pids: int, context: tuple[int, ...] = ()) -> Snapshot:
    """Return a snapshot of processes that are alive, the first being the root."""
    started = time.monotonic()
    processes = tuple(_process(pid) for pid in pids)
    return Snapshot(
        root=processes[0].id,
        taken_at_unix_s=time.time(),
        started_s=started,
        ended_s=time.monotonic(),
        processes=processes,
        context=tuple(_process(pid) for pid in context),
    )


def _process(pid: int) -> Process:
    folder = _PROC / str(pid)
    fields = _stat(folder)
    threads = tuple(_thread(task) for task in sorted(folder.glob("task/*"), key=_number))
    return Process(
        id=ProcessId(pid=pid, start_ticks=int(fields[19])),
        parent_pid=int(fields[1]),
        name=(folder / "comm").read_text().strip(),
        state=fields[0],
        threads=threads,
        inner_pid=_inner(folder),
        forked_without_exec=bool(int(fields[6]) & _PF_FORKNOEXEC),
    )


def _thread(task: Path) -> Thread:
    fields = _stat(task)
    text = (task / "syscall").read_text().split()
    call = None
    if text[0] != "running":
        number, *rest = (int(word, 0) for word in text)
        call = Syscall(
            number=number,
            args=tuple(rest[:-2]),
            stack_pointer=rest[-2],
            program_counter=rest[-1],
        )
    return Thread(
        tid=_number(task),
        inner_tid=_inner(task),
        name=(task / "comm").read_text().strip(),
        state=fields[0],
        start_ticks=int(fields[19]),
        read_at_s=time.monotonic(),
        syscall=call,
        wait=_wait(call),
    )


def _wait(call: Syscall | None) -> Wait:
    if call is None:
        return Wait(kind=WaitKind.RUNNING)
    if call.number != _FUTEX:
        return Wait(kind=WaitKind.UNKNOWN)
    futex = Futex(
        address=call.args[0], operation=call.args[1] & 0xFFFFFFFF, value=call.args[2] & 0xFFFFFFFF
    )
    kind = WaitKind.LOCK if futex.operation & 0x80 else WaitKind.SHARED_LOCK
    return Wait(kind=kind, syscall="futex", timed=bool(call.args[3]), futex=futex)


def _stat(folder: Path) -> list[str]:
    return (folder / "stat").read_text().rpartition(")")[2].split()


def _inner(folder: Path) -> int:
    lines = (folder / "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("NSpid:")).split()[-1])


def _number(path: Path) -> int:
    return int(path.name)
