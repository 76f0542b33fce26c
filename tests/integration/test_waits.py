"""Small programs that really block, and what one sweep says of them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from diag.collect.sweep import sweep
from diag.errors import TargetGoneError
from diag.model.channel import Channel, ChannelKind
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.wait import Wait, WaitKind
from tests.integration.pythons import Target, available, environment, label

DEADLINE_S = 20.0
NATIVE = Target(label="this", version=sys.version_info[:3], command=[sys.executable])
every_python = pytest.mark.parametrize("python", available(), ids=label)


@contextmanager
def running(code: str, *args: str, python: Target = NATIVE) -> Iterator[int]:
    """Start a program in its own process group; end the whole group afterwards."""
    process = subprocess.Popen(
        [*python.command, "-c", code, *args],
        stdin=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )
    try:
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=DEADLINE_S)


def look_until(pid: int, condition: Callable[[Snapshot], bool]) -> Snapshot:
    until_s = time.monotonic() + DEADLINE_S
    while True:
        snapshot = sweep(pid)
        if condition(snapshot):
            return snapshot
        assert time.monotonic() < until_s, snapshot
        time.sleep(0.02)


def main_wait(process: Process) -> Wait:
    return process.threads[0].wait


def look_at(pid: int, kind: WaitKind) -> tuple[Snapshot, Wait]:
    """Look until the main thread of the root waits in this way."""
    snapshot = look_until(pid, lambda seen: main_wait(seen.processes[0]).kind is kind)
    return snapshot, main_wait(snapshot.processes[0])


def channel(snapshot: Snapshot, wait: Wait) -> Channel:
    (only,) = {each.channel for each in wait.channels}
    return next(each for each in snapshot.channels if each.id == only)


def child_in(snapshot: Snapshot, kind: WaitKind) -> bool:
    return len(snapshot.processes) == 2 and main_wait(snapshot.processes[1]).kind is kind


def test_reading_a_pipe_names_the_parent_that_holds_the_write_end() -> None:
    code = """
import os
r, w = os.pipe()
if os.fork() == 0:
    os.close(w)
    os.read(r, 1)
os.close(r)
os.wait()
"""
    with running(code) as pid:
        snapshot = look_until(pid, lambda seen: child_in(seen, WaitKind.READ))
        child = snapshot.processes[1]
        pipe = channel(snapshot, main_wait(child))
        assert pipe.kind is ChannelKind.PIPE
        assert {each.pid for each in pipe.writers} == {pid}
        assert {each.pid for each in pipe.readers} == {child.pid}
        assert pipe.outside is None
        assert pipe.uncertain is None
        parent = main_wait(snapshot.processes[0])
        assert parent.kind is WaitKind.CHILD
        assert parent.any_child
        assert parent.children == (child.pid,)
        assert child.forked_without_exec
        assert not snapshot.processes[0].forked_without_exec


def test_writing_to_a_full_pipe_names_who_could_read_it() -> None:
    code = "import os\nr, w = os.pipe()\nwhile True: os.write(w, bytes(4096))"
    with running(code) as pid:
        snapshot, wait = look_at(pid, WaitKind.WRITE)
        pipe = channel(snapshot, wait)
        assert wait.channels[0].direction == "write"
        assert [each.pid for each in pipe.readers] == [pid]


def test_a_pipe_that_leads_outside_the_tree_names_the_outsider() -> None:
    read_end, write_end = os.pipe()
    keeper = subprocess.Popen(["sleep", "100"], pass_fds=[write_end])
    process = subprocess.Popen(
        [sys.executable, "-c", "import os, sys; os.read(int(sys.argv[1]), 1)", str(read_end)],
        pass_fds=[read_end],
    )
    os.close(write_end)
    try:
        snapshot, wait = look_at(process.pid, WaitKind.READ)
        assert [each.pid for each in channel(snapshot, wait).writers] == [keeper.pid]
    finally:
        os.close(read_end)
        for each in (process, keeper):
            each.kill()
            each.wait(timeout=DEADLINE_S)


def test_a_socketpair_names_the_holder_of_the_other_end() -> None:
    code = """
import os, socket
a, b = socket.socketpair()
if os.fork() == 0:
    a.close()
    b.recv(1)
b.close()
os.wait()
"""
    with running(code) as pid:
        snapshot = look_until(pid, lambda seen: child_in(seen, WaitKind.READ))
        found = channel(snapshot, main_wait(snapshot.processes[1]))
        assert found.kind is ChannelKind.UNIX_SOCKET
        assert [each.pid for each in found.writers] == [pid]
        assert found.outside is None
        assert found.uncertain is None


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_tcp_over_loopback_names_the_process_at_the_other_end(family: str) -> None:
    code = f"""
import os, socket
server = socket.socket(socket.{family})
server.bind(("::1" if server.family == socket.AF_INET6 else "127.0.0.1", 0))
server.listen()
if os.fork() == 0:
    connection = socket.create_connection(server.getsockname()[:2])
    server.close()
    connection.recv(1)
connection, _ = server.accept()
os.wait()
"""
    with running(code) as pid:
        snapshot = look_until(pid, lambda seen: child_in(seen, WaitKind.READ))
        snapshot = look_until(pid, lambda seen: main_wait(seen.processes[0]).kind is WaitKind.CHILD)
        found = channel(snapshot, main_wait(snapshot.processes[1]))
        assert found.kind is ChannelKind.TCP_SOCKET
        assert [each.pid for each in found.writers] == [pid]
        assert found.outside is None


@pytest.mark.parametrize("family", ["AF_INET", "AF_UNIX"])
def test_a_connection_not_accepted_yet_waits_for_the_listener(family: str, tmp_path: Path) -> None:
    code = f"""
import os, socket, sys
server = socket.socket(socket.{family})
server.bind(sys.argv[1] if server.family == socket.AF_UNIX else ("127.0.0.1", 0))
server.listen()
if os.fork() == 0:
    connection = socket.socket(socket.{family})
    connection.connect(server.getsockname())
    server.close()
    connection.recv(1)
os.wait()
"""
    with running(code, str(tmp_path / "socket")) as pid:
        snapshot = look_until(pid, lambda seen: child_in(seen, WaitKind.READ))
        found = channel(snapshot, main_wait(snapshot.processes[1]))
        assert [each.pid for each in found.writers] == [pid]
        assert "not accepted" in (found.name or "")


def test_accept_waits_for_the_outside() -> None:
    code = """
import socket
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
server.accept()
"""
    with running(code) as pid:
        snapshot, wait = look_at(pid, WaitKind.ACCEPT)
        assert "new connections on 127.0.0.1:" in (channel(snapshot, wait).outside or "")


@every_python
def test_poll_select_and_epoll_see_every_descriptor_of_the_set(python: Target) -> None:
    code = """
import os, select, socket, threading
r, w = os.pipe()
a, b = socket.socketpair()
polls = [select.poll(), select.poll()]
for poll in polls:
    poll.register(r, select.POLLIN)
    poll.register(w, 0)  # asks for hang-ups only
    poll.register(a, select.POLLIN)
epoll = select.epoll()
epoll.register(r, select.EPOLLIN)
epoll.register(a, select.EPOLLIN)
threading.Thread(target=polls[0].poll).start()
threading.Thread(target=epoll.poll).start()
threading.Thread(target=polls[1].poll, args=(100_000,)).start()
select.select([r, a], [], [])
"""
    with running(code, python=python) as pid:
        snapshot = look_until(
            pid,
            lambda seen: [t.wait.kind for t in seen.processes[0].threads] == [WaitKind.POLL] * 4,
        )
        waits = [thread.wait for thread in snapshot.processes[0].threads]
        by_id = {each.id: each for each in snapshot.channels}
        selected, polled, epolled, timed = waits
        kinds = [sorted(by_id[each.channel].kind for each in wait.channels) for wait in waits]
        pipe, unix = ChannelKind.PIPE, ChannelKind.UNIX_SOCKET
        assert kinds[0] == sorted([pipe, unix])
        assert kinds[1] == kinds[3] == sorted([pipe, pipe, unix])
        assert kinds[2] == sorted([ChannelKind.OTHER, pipe, unix])  # and the set itself
        assert [selected.timed, polled.timed, epolled.timed, timed.timed] == [0, 0, 0, 1]
        # the write end is watched for the readers to go away
        assert sorted(each.direction for each in polled.channels) == ["read", "read", "write"]
        assert all(wait.unknown is None for wait in waits)


def test_an_eventfd_is_known_by_its_number() -> None:
    code = """
import os
mine, other = os.eventfd(0), os.eventfd(0)
if os.fork() == 0:
    os.close(other)
    os.eventfd_read(mine)
os.close(mine)
os.wait()
"""
    with running(code) as pid:
        snapshot = look_until(pid, lambda seen: child_in(seen, WaitKind.READ))
        found = channel(snapshot, main_wait(snapshot.processes[1]))
        assert found.kind is ChannelKind.EVENTFD
        # the child holds it alone: the parent has only the other one
        assert {each.pid for each in found.writers} == {snapshot.processes[1].pid}


def test_a_pidfd_names_its_process() -> None:
    code = """
import os, select, signal
child = os.fork()
if child == 0:
    signal.pause()
select.select([os.pidfd_open(child)], [], [])
"""
    with running(code) as pid:
        snapshot = look_until(pid, lambda seen: child_in(seen, WaitKind.SIGNAL))
        snapshot, wait = look_at(pid, WaitKind.POLL)
        found = channel(snapshot, wait)
        assert found.kind is ChannelKind.PIDFD
        assert found.pid == snapshot.processes[1].pid


@pytest.mark.parametrize(
    "call",
    [
        "os.waitpid(second, 0)",
        "os.waitid(os.P_PID, second, os.WEXITED)",
        "os.waitid(os.P_PIDFD, os.pidfd_open(second), os.WEXITED)",
        "os.waitpid(-second, 0)",
    ],
)
def test_waiting_for_one_child_names_it(call: str) -> None:
    code = f"""
import os, signal
first = os.fork()
if first == 0:
    signal.pause()
second = os.fork()
if second == 0:
    os.setpgid(0, 0)
    signal.pause()
try:
    os.setpgid(second, second)
    {call}
finally:
    os.kill(second, 9)
"""
    with running(code) as pid:
        snapshot = look_until(
            pid,
            lambda seen: (
                len(seen.processes) == 3 and main_wait(seen.processes[0]).kind is WaitKind.CHILD
            ),
        )
        wait = main_wait(snapshot.processes[0])
        try:
            assert wait.children == (max(each.pid for each in snapshot.processes),)
            assert not wait.any_child
            assert wait.unknown is None
        finally:
            os.kill(max(each.pid for each in snapshot.processes), signal.SIGKILL)


@pytest.mark.parametrize("function", ["flock", "lockf"])
def test_a_file_lock_names_its_holder(function: str, tmp_path: Path) -> None:
    code = f"""
import fcntl, os, signal, sys
r, w = os.pipe()
child = os.fork()
file = open(sys.argv[1], "w")
if child == 0:
    fcntl.{function}(file, fcntl.LOCK_EX)
    os.write(w, b"x")
    signal.pause()
os.read(r, 1)
fcntl.{function}(file, fcntl.LOCK_EX)
"""
    with running(code, str(tmp_path / "lock")) as pid:
        snapshot, wait = look_at(pid, WaitKind.FILE_LOCK)
        assert wait.holders == (snapshot.processes[1].pid,)
        assert channel(snapshot, wait).name == str(tmp_path / "lock")
        assert wait.unknown is None


def test_an_inherited_flock_names_all_who_share_it(tmp_path: Path) -> None:
    code = """
import fcntl, os, signal, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
if os.fork() == 0:
    signal.pause()
file.close()  # the parent gives its copy up, the child keeps the lock
fcntl.flock(open(sys.argv[1], "w"), fcntl.LOCK_EX)
"""
    with running(code, str(tmp_path / "lock")) as pid:
        snapshot, wait = look_at(pid, WaitKind.FILE_LOCK)
        assert snapshot.processes[1].pid in wait.holders


def test_opening_a_fifo_waits_for_whoever_opens_the_other_end(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with running("import sys; open(sys.argv[1])", str(fifo)) as pid:
        snapshot, wait = look_at(pid, WaitKind.OPEN)
        found = channel(snapshot, wait)
        assert found.name == str(fifo)
        assert found.outside == f"a process that opens {fifo} for writing"


def test_reading_an_open_fifo_names_the_writers(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = """
import os, sys
if os.fork() == 0:
    os.read(os.open(sys.argv[1], os.O_RDONLY), 1)
else:
    fd = os.open(sys.argv[1], os.O_WRONLY)
    os.wait()
"""
    with running(code, str(fifo)) as pid:
        snapshot = look_until(pid, lambda seen: child_in(seen, WaitKind.READ))
        found = channel(snapshot, main_wait(snapshot.processes[1]))
        assert found.kind is ChannelKind.PIPE
        assert found.name == str(fifo)
        assert [each.pid for each in found.writers] == [pid]


@every_python
def test_a_sleep_is_a_sleep_on_every_version(python: Target) -> None:
    with running("import time; time.sleep(1000)", python=python) as pid:
        _, wait = look_at(pid, WaitKind.SLEEP)
        assert wait.timed
        if wait.syscall == "clock_nanosleep":  # 3.11 and later
            assert wait.deadline_s is not None
            assert 900 < wait.deadline_s - time.monotonic() <= 1000


@every_python
def test_locks_are_private_and_semaphores_shared(python: Target) -> None:
    code = """
import multiprocessing, threading
lock, semaphore = threading.Lock(), multiprocessing.get_context("fork").Lock()
lock.acquire()
semaphore.acquire()
threading.Thread(target=lock.acquire).start()
threading.Thread(target=lock.acquire, kwargs={"timeout": 1000}).start()
threading.Thread(target=semaphore.acquire, args=(True, 1000)).start()
semaphore.acquire()
"""
    expected = [WaitKind.SHARED_LOCK, WaitKind.LOCK, WaitKind.LOCK, WaitKind.SHARED_LOCK]
    with running(code, python=python) as pid:
        snapshot = look_until(
            pid, lambda seen: [t.wait.kind for t in seen.processes[0].threads] == expected
        )
        waits = [thread.wait for thread in snapshot.processes[0].threads]
        assert [wait.timed for wait in waits] == [False, False, True, True]
        for wait in waits[2:]:  # one deadline is on CLOCK_MONOTONIC, one on CLOCK_REALTIME
            assert wait.deadline_s is not None
            assert 900 < wait.deadline_s - time.monotonic() <= 1000
        assert all(wait.futex is not None for wait in waits)


def test_waiting_for_a_signal() -> None:
    code = "import signal; signal.sigwait([signal.SIGUSR1])"
    with running(code) as pid:
        _, wait = look_at(pid, WaitKind.SIGNAL)
        assert not wait.timed


@pytest.mark.parametrize("family", ["AF_INET", "AF_UNIX"])
def test_connecting_waits_for_the_outside(family: str, tmp_path: Path) -> None:
    """A backlog of none: the second connection waits until the first is accepted."""
    code = f"""
import socket, sys
server = socket.socket(socket.{family})
server.bind(sys.argv[1] if server.family == socket.AF_UNIX else ("127.0.0.1", 0))
server.listen(0)
keep = []
while True:
    keep.append(socket.socket(socket.{family}))
    keep[-1].connect(server.getsockname())
"""
    with running(code, str(tmp_path / "socket")) as pid:
        snapshot, wait = look_at(pid, WaitKind.CONNECT)
        assert channel(snapshot, wait).outside


def test_a_zombie_has_a_row_with_its_exit_status() -> None:
    with running("import os, time\nif os.fork() == 0: os._exit(3)\ntime.sleep(1000)") as pid:
        snapshot = look_until(pid, lambda seen: child_in(seen, WaitKind.EXITED))
        zombie = snapshot.processes[1]
        assert zombie.state == "Z"
        assert os.waitstatus_to_exitcode(zombie.exit_status or 0) == 3
        assert zombie.parent_pid == pid


def test_a_stopped_process_is_stopped_and_busy_ones_run() -> None:
    with running("while True: pass") as pid:
        look_at(pid, WaitKind.RUNNING)
        os.kill(pid, signal.SIGSTOP)
        look_at(pid, WaitKind.STOPPED)
        os.kill(pid, signal.SIGCONT)
        look_at(pid, WaitKind.RUNNING)


def test_children_that_are_not_python_have_rows() -> None:
    with running("import subprocess; subprocess.run(['sleep', '1000'])") as pid:
        snapshot = look_until(pid, lambda seen: child_in(seen, WaitKind.SLEEP))
        child = snapshot.processes[1]
        assert child.name == "sleep"
        assert child.command == ("sleep", "1000")
        assert not child.forked_without_exec


def test_a_forked_root_brings_the_parent_as_context() -> None:
    code = """
import os, signal
if os.fork() == 0:
    signal.pause()
os.wait()
"""
    with running(code) as pid:
        snapshot = look_until(pid, lambda seen: child_in(seen, WaitKind.SIGNAL))
        child = sweep(snapshot.processes[1].pid)
        assert [each.pid for each in child.processes] == [snapshot.processes[1].pid]
        assert [each.pid for each in child.context] == [pid]


def test_pids_of_a_namespace_are_translated() -> None:
    code = """
import os, signal
child = os.fork()
if child == 0:
    signal.pause()
os.waitpid(child, 0)
"""
    command = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-c", code]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until_s = time.monotonic() + DEADLINE_S
        while process.poll() is None:
            snapshot = sweep(process.pid)
            waits = [main_wait(each) for each in snapshot.processes]
            if len(waits) == 3 and waits[1].kind is WaitKind.CHILD:
                break
            assert time.monotonic() < until_s, snapshot
        else:
            pytest.skip("a pid namespace may not be made here")
        assert snapshot.processes[1].inner_pid == 1
        assert waits[1].children == (snapshot.processes[2].pid,)
    finally:
        process.kill()
        process.wait(timeout=DEADLINE_S)


def test_no_such_process() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait(timeout=DEADLINE_S)
    with pytest.raises(TargetGoneError, match=str(gone.pid)):
        sweep(gone.pid)


@every_python
def test_a_stop_in_between_does_not_hide_what_is_waited_for(python: Target) -> None:
    """After a stop the kernel restarts timed calls under another number."""
    code = """
import os, select, threading
lock = threading.Lock()
lock.acquire()
r, w = os.pipe()
threading.Thread(target=lock.acquire, kwargs={"timeout": 1000}).start()
poll = select.poll()
poll.register(r, select.POLLIN)
poll.poll(1_000_000)
"""
    expected = [WaitKind.POLL, WaitKind.LOCK]

    def kinds(seen: Snapshot) -> list[WaitKind]:
        return [thread.wait.kind for thread in seen.processes[0].threads]

    with running(code, python=python) as pid:
        look_until(pid, lambda seen: kinds(seen) == expected)
        os.kill(pid, signal.SIGSTOP)
        look_until(pid, lambda seen: set(kinds(seen)) == {WaitKind.STOPPED})
        os.kill(pid, signal.SIGCONT)
        snapshot = look_until(pid, lambda seen: kinds(seen) == expected)
        numbers = [
            thread.syscall.number for thread in snapshot.processes[0].threads if thread.syscall
        ]
        assert 219 in numbers  # or this test shows nothing
        waits = [thread.wait for thread in snapshot.processes[0].threads]
        assert all(wait.timed for wait in waits)
        assert channel(snapshot, waits[0]).kind is ChannelKind.PIPE


NOBODY = 65534
LOOK_AS_NOBODY = """
import os, sys, time
from diag.collect.sweep import sweep
from diag.errors import TargetForbiddenError
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
until_s = time.monotonic() + 20
while time.monotonic() < until_s:
    try:
        snapshot = sweep(int(sys.argv[1]))
    except TargetForbiddenError as error:
        print(error, "|", error.hint)
        break
    if snapshot.channels:
        (found,) = snapshot.channels
        names = [snapshot.process(each.pid).name for each in found.writers]
        print(names, found.uncertain)
        break
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")


def look_as_nobody(pid: int) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", LOOK_AS_NOBODY, str(pid)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S * 2,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert answer.stderr == ""
    return answer.stdout.strip()


@contextmanager
def shell_of_nobody(command: str) -> Iterator[int]:
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.PIPE,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        start_new_session=True,
    )
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=DEADLINE_S)


@needs_root
def test_an_ordinary_user_beneath_processes_of_root_is_certain_of_own_pipes() -> None:
    with shell_of_nobody("sleep 1000 | cat") as pid:
        assert look_as_nobody(pid) == "['sleep'] None"


@needs_root
def test_an_ordinary_user_is_told_that_an_unreadable_process_may_have_the_other_end() -> None:
    with shell_of_nobody("cat; true") as pid:
        answer = look_as_nobody(pid)
        assert answer.startswith("[] ")
        assert answer.endswith("may not be read: run diag as root")


@needs_root
def test_a_process_of_another_user_says_what_would_help() -> None:
    with running("import time; time.sleep(1000)") as pid:
        look_at(pid, WaitKind.SLEEP)
        answer = look_as_nobody(pid)
        assert "may not be read" in answer
        assert "run diag as root or as uid 0" in answer


def test_the_observer_counts_when_it_holds_the_other_end() -> None:
    code = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        running(code, str(server.getsockname()[1])) as pid,
    ):
        connection, _ = server.accept()
        with connection:
            snapshot, wait = look_at(pid, WaitKind.READ)
            found = channel(snapshot, wait)
            assert [each.pid for each in found.writers] == [os.getpid()]
            assert found.uncertain is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a network namespace")
def test_the_other_end_of_a_socket_is_found_in_another_network_namespace() -> None:
    code = """
import ctypes, os, socket
CLONE_NEWNET = 0x40000000
assert ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0
a, b = socket.socketpair()
if os.fork() == 0:
    a.close()
    b.recv(1)
b.close()
a.recv(1)
"""
    before = Path("/proc/self/ns/net").readlink()
    with running(code) as pid:
        snapshot, wait = look_at(pid, WaitKind.READ)
        child = snapshot.processes[1].id.pid if len(snapshot.processes) > 1 else None
        found = channel(snapshot, wait)
    assert (found.kind, found.uncertain) == (ChannelKind.UNIX_SOCKET, None)
    assert [holder.pid for holder in found.writers] == [child]
    assert Path("/proc/self/ns/net").readlink() == before
