from pathlib import Path

import pytest

from diag.collect.cpython import add_objects
from diag.collect.cpython.tasks import Tasks
from diag.model.ids import ProcessId
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.thread import Syscall, Thread
from diag.model.wait import Wait, WaitKind

PID = 7
LINE = "202 0x1000 0x189 0x0 0x0 0x0 0xffffffff 0x7ffe00 0x7f00\n"
CALL = Syscall(
    number=202,
    args=(0x1000, 0x189, 0, 0, 0, 0xFFFFFFFF),
    stack_pointer=0x7FFE00,
    program_counter=0x7F00,
)


def thread(tid: int = PID, *, inner_tid: int | None = None) -> Thread:
    return Thread(
        tid=tid,
        inner_tid=inner_tid,
        name="x",
        state="S",
        start_ticks=1,
        syscall=CALL,
        wait=Wait(kind=WaitKind.LOCK),
    )


def process(pid: int = PID, state: str = "S", *threads: Thread) -> Process:
    return Process(
        id=ProcessId(pid=pid, start_ticks=1), parent_pid=1, name="x", state=state, threads=threads
    )


def snapshot(*processes: Process) -> Snapshot:
    return Snapshot(
        root=processes[0].id,
        taken_at_unix_s=0.0,
        started_s=0.0,
        ended_s=0.0,
        processes=processes,
    )


def task(root: Path, tid: int, **files: str) -> None:
    folder = root / str(PID) / "task" / str(tid)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def test_thread_ids_of_a_namespace(tmp_path: Path) -> None:
    task(tmp_path, PID)
    task(tmp_path, 9, status="Name:\tx\nNSpid:\t9\t2\n")
    tasks = Tasks(
        process(PID, "S", thread(inner_tid=1), thread(8, inner_tid=3)), proc_root=tmp_path
    )
    assert tasks.by_inner_tid() == {1: PID, 2: 9}


@pytest.mark.parametrize(
    ("line", "same"),
    [
        (LINE, True),
        (LINE.replace("0x7ffe00", "0x7ffe08"), False),
        ("running\n", False),
        ("-1 0x7ffe00 0x7f00\n", False),
    ],
)
def test_thread_that_moved_on(tmp_path: Path, line: str, *, same: bool) -> None:
    task(tmp_path, PID, syscall=line)
    assert Tasks(process(), proc_root=tmp_path).still_waits(thread()) is same


def test_ended_thread_moved_on(tmp_path: Path) -> None:
    assert not Tasks(process(), proc_root=tmp_path).still_waits(thread())


def test_one_bad_process_does_not_spoil_the_others(tmp_path: Path) -> None:
    (tmp_path / "8").mkdir()
    (tmp_path / "8" / "maps").write_text("")  # as of a kernel thread
    (tmp_path / "9").mkdir()
    (tmp_path / "9" / "maps").write_text("400000-500000 r-xp 00000000 08:01 5 /bin/x\n")
    (tmp_path / "9" / "exe").symlink_to("/bin/sh")
    gone, kernel, closed, zombie = (
        add_objects(
            snapshot(process(7), process(8), process(9), process(10, "Z")), proc_root=tmp_path
        )
    ).processes
    assert [gap.because for gap in gone.gaps] == ["the process ended while it was read"]
    assert kernel.gaps == zombie.gaps == ()
    assert [(gap.what, gap.pid) for gap in closed.gaps] == [("memory", 9)]
    assert closed.interpreter is None
