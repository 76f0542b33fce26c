"""Routine passes: who has moved, who came, who went."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from diag.collect.routine import Routine, Seen
from tests.integration import harness
from tests.integration.commands import DEADLINE_S, python, read_until


@contextmanager
def started(code: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a few lines that say READY and read lines, in a session of their own."""
    process = subprocess.Popen(
        python(code), stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        read_until(process.stdout, b"READY")
        yield process
    finally:
        for pid in harness.session(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait(DEADLINE_S)
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()


def tell(process: subprocess.Popen[bytes]) -> None:
    """Write a line, and wait for the answer."""
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    read_until(process.stdout, b"DONE")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def take_until(routine: Routine, fits: Callable[[Seen], bool]) -> Seen:
    """Make passes until one fits."""
    until_s = time.monotonic() + DEADLINE_S
    while not fits(seen := routine.take()):
        assert time.monotonic() < until_s, seen
        time.sleep(0.05)
    return seen


def test_who_sleeps_stands_still_and_who_runs_does_not() -> None:
    code = (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "print('READY')\n"
        "while True: pass"
    )
    with started(code) as target, closing(Routine(target.pid)) as routine:
        seen = take_until(routine, lambda seen: len(seen.still) == 1)
        ((thread_id, _),) = seen.still
        assert thread_id.tid != target.pid
        assert len(seen.members) == 2
        again = take_until(routine, lambda seen: seen.processes[0].cpu_s > 0)
        assert again.processes[0].moved == 1


def test_who_moved_in_between_has_other_counters() -> None:
    code = "import sys; print('READY')\nfor _ in sys.stdin: print('DONE')"
    with started(code) as target, closing(Routine(target.pid)) as routine:
        before = take_until(routine, lambda seen: len(seen.still) == 1)
        tell(target)
        after = take_until(routine, lambda seen: len(seen.still) == 1)
        assert before.still != after.still


def test_new_threads_children_and_grandchildren_are_found_at_once() -> None:
    code = (
        "import os, sys, threading, time; print('READY'); sys.stdin.readline()\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "if os.fork() == 0:\n"
        "    os.fork(); time.sleep(60)\n"
        "time.sleep(0.2); print('DONE'); time.sleep(60)"
    )
    with started(code) as target, closing(Routine(target.pid)) as routine:
        assert len(routine.take().members) == 1
        tell(target)
        seen = routine.take()
        assert [pulse.threads for pulse in seen.processes] == [2, 1, 1]
        child, grandchild = seen.processes[1].id.pid, seen.processes[2]
        assert grandchild.parent_pid == child
        os.kill(child, signal.SIGKILL)
        left = routine.take()
        assert grandchild.id in {pulse.id for pulse in left.processes}, (
            "it is followed all the same"
        )


def test_the_end_of_the_root_is_the_end() -> None:
    with started("print('READY'); input()") as target, closing(Routine(target.pid)) as routine:
        assert routine.take().processes
        target.kill()
        target.wait()
        assert routine.take().processes == ()


def test_with_few_descriptors_most_files_are_opened_for_each_pass() -> None:
    code = (
        "import os, signal, threading, time; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "wait = lambda: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "for _ in range(9): wait()\n"
        "if os.fork() == 0: wait(); time.sleep(60)\n"
        "print('READY')\n"
        "while True: pass"
    )
    before = open_files()
    with started(code) as target, closing(Routine(target.pid, keep=10)) as routine:
        seen = take_until(routine, lambda seen: len(seen.still) == 11)
        assert [pulse.threads for pulse in seen.processes] == [10, 2]
        assert [pulse.moved for pulse in seen.processes] == [1, 0]
        os.kill(seen.processes[1].id.pid, signal.SIGKILL)
        take_until(routine, lambda seen: len(seen.processes) == 1)
        assert open_files() <= before + 2 + 10, "two are those of the target's streams"


def test_every_file_is_closed_again() -> None:
    code = "import os, sys, time; print('READY'); [os.fork() for _ in range(4)]; time.sleep(60)"
    with started(code) as target:
        before = open_files()
        routine = Routine(target.pid)
        take_until(routine, lambda seen: len(seen.processes) == 16)
        assert open_files() > before + 16
        routine.close()
        assert open_files() == before
