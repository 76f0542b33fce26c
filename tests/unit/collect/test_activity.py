"""Quick looks at fake threads: who runs, who waits for the GIL, who for a lock."""

from pathlib import Path

from diag.collect.activity import Observer
from diag.model.process import Gil, Process
from diag.model.sample import Activity
from tests.unit import world
from tests.unit.collect.fake_proc import RUNNING, FakeProc

GIL = 0x5000
WAIT = 0x189  # FUTEX_WAIT_BITSET, private, real time


def futex(address: int, operation: int = WAIT) -> str:
    return f"202 {address:#x} {operation:#x} 0x0 0x0 0x0 0xffffffff 0x7ffd00001000 0x7f0000002000\n"


def observe(tmp_path: Path, looks: int = 4, **threads: str) -> tuple[FakeProc, Activity]:
    fake = FakeProc(tmp_path / "proc")
    fake.process(10, syscall=RUNNING)
    for name, syscall in threads.items():
        fake.thread(10, int(name.removeprefix("t")), syscall=syscall)
    observer = Observer(world.snapshot(seen()), [10, 99], proc_root=fake.root)
    for _ in range(looks):
        observer.look()
    return fake, observer.finish()


def seen() -> Process:
    gil = Gil(address=GIL, locked=True)
    return world.process(10, world.thread(10, world.RUNNING), gil=gil)


def test_each_kind_of_wait_is_counted(tmp_path: Path) -> None:
    _, activity = observe(
        tmp_path,
        t11=futex(GIL + 72),
        t12=futex(GIL + 80),  # the GIL's mutex, not its condition
        t13=futex(0x9000),
        t14=futex(0x9000, operation=0x109),  # shared between processes
        t15="0 0x3 0x0 0x0 0x0 0x0 0x0 0x7ffd00001000 0x7f0000002000\n",
    )
    by_tid = {each.tid: each for each in activity.threads}
    assert [by_tid[tid].running for tid in (10, 11)] == [4, 0]
    assert {tid: each.waiting_for_gil for tid, each in by_tid.items() if each.waiting_for_gil} == {
        11: 4
    }
    assert (by_tid[13].lock, by_tid[13].waiting_for_lock) == (0x9000, 4)
    assert by_tid[14].lock is None
    assert by_tid[15].lock is None
    assert {each.looks for each in activity.threads} == {4}


def test_a_process_that_is_not_in_the_snapshot_is_left_out(tmp_path: Path) -> None:
    _, activity = observe(tmp_path)
    assert {each.pid for each in activity.threads} == {10}


def test_a_process_may_be_added_later_and_a_thread_may_end(tmp_path: Path) -> None:
    fake = FakeProc(tmp_path / "proc")
    fake.process(10, syscall=RUNNING)
    fake.thread(10, 11, syscall=RUNNING)
    observer = Observer(world.snapshot(seen()), [], proc_root=fake.root)
    observer.look()
    observer.add({10})
    observer.look()
    for file in (fake.root / "10/task/11").iterdir():
        file.write_text("")  # what a kept descriptor gives once the thread has ended
    observer.look()
    looks = {each.tid: each.looks for each in observer.finish().threads}
    assert looks == {10: 2, 11: 1}


def test_garbage_is_no_look(tmp_path: Path) -> None:
    _, activity = observe(tmp_path, t11="what\n", t12="")
    assert {each.tid: each.looks for each in activity.threads} == {10: 4, 11: 0, 12: 0}


def test_a_parked_thread_waits_for_a_mutex_and_not_for_its_own_stack(tmp_path: Path) -> None:
    parked = futex(0x21100).replace("0x7ffd00001000", "0x21000")
    fake = FakeProc(tmp_path / "proc")
    fake.process(10, syscall=parked)
    with (fake.root / "10" / "mem").open("wb") as memory:
        memory.seek(0x21100 - 8)
        memory.write((0xABC0).to_bytes(8, "little"))
    observer = Observer(world.snapshot(seen()), [10], proc_root=fake.root)
    observer.look()
    (thread,) = observer.finish().threads
    assert (thread.lock, thread.waiting_for_lock) == (0xABC0, 1)
