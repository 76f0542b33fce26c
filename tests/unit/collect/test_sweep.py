"""Whole sweeps over fake trees: what the kernel says becomes waits and channels."""

import os
from pathlib import Path

import pytest

from diag.collect.sweep import sweep
from diag.errors import TargetForbiddenError, TargetGoneError
from diag.model.channel import Channel, ChannelKind, Holder
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.wait import Wait, WaitKind
from tests.unit.collect.fake_proc import FakeProc, call

READ, WRITE, WAIT4, EPOLL_WAIT = 0, 1, 61, 232
ANY = 0xFFFFFFFF
FORKED = 0x40

pytestmark = pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="the trees hold x86_64 system calls"
)


def wait_of(snapshot: Snapshot, pid: int) -> Wait:
    process = snapshot.process(pid)
    assert process is not None
    return process.threads[0].wait


def channel_of(snapshot: Snapshot, name: str) -> Channel:
    return next(each for each in snapshot.channels if each.id == name)


def process_of(snapshot: Snapshot, pid: int) -> Process:
    process = snapshot.process(pid)
    assert process is not None
    return process


def test_a_pipe_between_two_processes(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, children=(20,), syscall=call(WAIT4, 20))
    proc.process(20, parent=10, syscall=call(READ, 3))
    proc.descriptor(20, 3, "pipe:[5]", flags="00")
    proc.descriptor(10, 4, "pipe:[5]", flags="01")
    snapshot = sweep(10, proc_root=tmp_path)
    assert wait_of(snapshot, 10).children == (20,)
    wait = wait_of(snapshot, 20)
    assert [(each.fd, each.channel, each.direction) for each in wait.channels] == [
        (3, "pipe:[5]", "read")
    ]
    pipe = channel_of(snapshot, "pipe:[5]")
    assert pipe.writers == (Holder(pid=10, fd=4),)
    assert pipe.readers == (Holder(pid=20, fd=3),)
    assert pipe.uncertain is None


def test_a_reader_without_any_writer_in_sight_is_uncertain(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, syscall=call(READ, 3))
    proc.descriptor(10, 3, "pipe:[5]", flags="00")
    pipe = channel_of(sweep(10, proc_root=tmp_path), "pipe:[5]")
    assert pipe.writers == ()
    assert pipe.uncertain is not None


@pytest.mark.parametrize(
    ("link", "kind", "words"),
    [
        ("/dev/pts/3", ChannelKind.TERMINAL, "terminal /dev/pts/3"),
        ("anon_inode:[timerfd]", ChannelKind.OTHER, "a timer"),
        ("anon_inode:[signalfd]", ChannelKind.OTHER, "a signal"),
        ("anon_inode:inotify", ChannelKind.OTHER, "a change of a file"),
        ("anon_inode:[something new]", ChannelKind.OTHER, "anon_inode:[something new]"),
        ("/dev/null", ChannelKind.OTHER, "device /dev/null"),
        ("anon_inode:[eventfd]", ChannelKind.OTHER, "an eventfd that this kernel does not number"),
    ],
)
def test_what_is_not_in_the_hands_of_processes_is_outside(
    tmp_path: Path, link: str, kind: ChannelKind, words: str
) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, syscall=call(READ, 3))
    proc.descriptor(10, 3, link)
    (found,) = sweep(10, proc_root=tmp_path).channels
    assert (found.kind, found.outside) == (kind, words)


def test_a_descriptor_that_is_closed_makes_the_wait_unknown(tmp_path: Path) -> None:
    FakeProc(tmp_path).process(10, syscall=call(READ, 3))
    wait = wait_of(sweep(10, proc_root=tmp_path), 10)
    assert wait.kind is WaitKind.READ
    assert "descriptor 3" in (wait.unknown or "")


def test_an_epoll_set_is_followed(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, syscall=call(EPOLL_WAIT, 4, 0, 9, ANY))
    inner = "tfd: 3 events: 19 data: 0 pos:0 ino:5 sdev:1\ntfd: 6 events: 40000000 data: 0\n"
    proc.descriptor(10, 3, "pipe:[5]", flags="01")  # watched for its readers to go away
    proc.descriptor(10, 4, "anon_inode:[eventpoll]", more="tfd: 5 events: 19 data: 0\n")
    proc.descriptor(10, 5, "anon_inode:[eventpoll]", more=inner)
    proc.descriptor(10, 6, "pipe:[6]")
    wait = wait_of(sweep(10, proc_root=tmp_path), 10)
    assert [(each.fd, each.direction) for each in wait.channels] == [(3, "write")]
    assert wait.unknown is None


def test_an_epoll_set_shared_with_another_thread_can_be_changed_by_it(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, syscall=call(EPOLL_WAIT, 4, 0, 9, ANY), children=(20,))
    proc.thread(10, 11)
    proc.process(20, parent=10)
    for pid in (10, 20):
        proc.descriptor(pid, 4, "anon_inode:[eventpoll]")
    snapshot = sweep(10, proc_root=tmp_path)
    found = channel_of(snapshot, "epoll:10:4")
    assert [holder.pid for holder in found.writers] == [10, 20]


def test_a_member_of_a_set_that_is_another_file_by_now_is_unknown(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, syscall=call(EPOLL_WAIT, 4, 0, 9, ANY))
    members = "tfd: 3 events: 19 data: 0 pos:0 ino:99 sdev:1\ntfd: 8 events: 19 data: 0\n"
    proc.descriptor(10, 3, "pipe:[5]")
    proc.descriptor(10, 4, "anon_inode:[eventpoll]", more=members)
    reason = wait_of(sweep(10, proc_root=tmp_path), 10).unknown or ""
    assert "earlier descriptor 3" in reason
    assert "descriptor 8, which is closed" in reason


def test_a_thread_of_the_kernel_is_no_target(tmp_path: Path) -> None:
    FakeProc(tmp_path).process(2, flags=0x00200000)
    with pytest.raises(TargetForbiddenError, match="thread of the kernel"):
        sweep(2, proc_root=tmp_path)


def test_only_actual_children_count(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, syscall=call(WAIT4, 99), children=(20,))
    proc.process(20, parent=10, syscall=call(WAIT4, ANY))
    snapshot = sweep(10, proc_root=tmp_path)
    for pid in (10, 20):
        assert wait_of(snapshot, pid).children == ()
        assert "not among its children" in (wait_of(snapshot, pid).unknown or "")
    assert wait_of(snapshot, 20).any_child


def test_pids_are_translated_from_the_namespace_of_the_caller(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, pids=(1,), syscall=call(WAIT4, 2), children=(20, 30))
    proc.process(20, pids=(2, 1), parent=10)  # and itself the first of a deeper one
    proc.process(30, pids=(3,), parent=10, syscall=call(WAIT4, 2))
    snapshot = sweep(10, proc_root=tmp_path)
    assert wait_of(snapshot, 10).children == (20,)
    assert process_of(snapshot, 20).inner_pid == 1


def test_a_group_of_children(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, syscall=call(WAIT4, -20 & ANY), children=(20, 21, 30))
    proc.process(20, parent=10, group=20)
    proc.process(21, parent=10, group=20)
    proc.process(30, parent=10, group=30)
    assert wait_of(sweep(10, proc_root=tmp_path), 10).children == (20, 21)


def test_a_zombie_has_a_row_and_nothing_else(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10, children=(20,))
    proc.process(20, parent=10, state="Z", command=b"", exit_code=9)
    zombie = process_of(sweep(10, proc_root=tmp_path), 20)
    assert (zombie.state, zombie.command, zombie.gaps) == ("Z", (), ())
    assert zombie.threads[0].wait.kind is WaitKind.EXITED
    assert zombie.exit_status == (9 if os.geteuid() == 0 else None)


def test_command_lines_are_masked(tmp_path: Path) -> None:
    FakeProc(tmp_path).process(10, command=b"job\0--token\0abc\0\xff\0")
    assert sweep(10, proc_root=tmp_path).processes[0].command == ("job", "--token", "***", "\\xff")


def test_a_kernel_without_syscall_files_is_a_gap_with_its_reason(tmp_path: Path) -> None:
    FakeProc(tmp_path).process(10, syscall=None)
    process = sweep(10, proc_root=tmp_path).processes[0]
    assert process.threads[0].wait.kind is WaitKind.UNKNOWN
    assert [gap.what for gap in process.gaps] == ["waits"]
    assert "CONFIG_HAVE_ARCH_TRACEHOOK" in process.gaps[0].because


def test_threads_keep_their_counters(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    proc.process(10)
    proc.thread(10, 9)
    main, other = sweep(10, proc_root=tmp_path).processes[0].threads
    assert (main.tid, other.tid) == (10, 9)
    assert (main.voluntary_switches, main.involuntary_switches) == (5, 2)
    assert (main.user_ticks, main.system_ticks) == (7, 8)
    assert main.wchan == "futex_do_wait"
    assert other.wchan is None  # "0" tells nothing


def test_the_parent_of_a_forked_root_is_context(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    for pid, parent in ((5, 1), (6, 5), (7, 6), (8, 7), (9, 8)):
        base = proc.process(pid, parent=parent, flags=FORKED, start=pid)
        (base / "exe").symlink_to("/usr/bin/python3")
    snapshot = sweep(9, proc_root=tmp_path)
    assert [each.pid for each in snapshot.context] == [8, 7, 6]
    assert [each.pid for each in snapshot.processes] == [9]


def test_who_is_above_the_root_is_known_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    for pid, parent in ((8, 7), (9, 8)):
        proc.process(pid, parent=parent)
    assert sweep(9, proc_root=tmp_path).ancestors == (8, 7)


def test_an_orphan_has_no_context(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    (proc.process(5) / "exe").symlink_to("/sbin/init")
    (proc.process(9, parent=5, flags=FORKED) / "exe").symlink_to("/usr/bin/python3")
    assert sweep(9, proc_root=tmp_path).context == ()


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetGoneError, match="no process 10"):
        sweep(10, proc_root=tmp_path)


def test_the_id_of_a_thread_leads_to_its_process(tmp_path: Path) -> None:
    base = FakeProc(tmp_path).process(11)
    (base / "status").write_text("Name:\tpython\nTgid:\t10\nPid:\t11\nNSpid:\t11\n")
    with pytest.raises(TargetGoneError, match="11 is a thread of process 10"):
        sweep(11, proc_root=tmp_path)


def test_a_root_that_vanishes(tmp_path: Path) -> None:
    base = FakeProc(tmp_path).process(10)
    for name in (base / "task/10").iterdir():
        name.unlink()
    with pytest.raises(TargetGoneError):
        sweep(10, proc_root=tmp_path)
