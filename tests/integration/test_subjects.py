"""What threads wait on, and pools of workers, read from living processes of every Python."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from diag.collect.cpython import subject_reader
from diag.collect.stacks import NO_STACKS
from diag.model.gap import Gap
from diag.model.pool import PoolKind
from diag.model.snapshot import Snapshot
from diag.model.subject import Subject, SubjectKind, Task
from diag.model.thread import Thread
from diag.watching.look import snapshot
from tests.integration import harness, pythons

WAITS = harness.PROGRAMS / "objects" / "waits.py"
METHODS = ("fork", "spawn", "forkserver")


@pytest.fixture(params=list(enumerate(pythons.one_per_minor())), scope="module")
def seen(request: pytest.FixtureRequest) -> Iterator[Snapshot]:
    number, target = request.param
    with subprocess.Popen(
        target.argv(WAITS, METHODS[number % len(METHODS)]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=pythons.environment(),
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith(b"READY")
            yield snapshot(process.pid).snapshots[0]
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def subject(seen: Snapshot, name: str) -> Subject:
    (found,) = (
        thread.subject
        for thread in seen.processes[0].threads
        if thread.stack is not None and thread.stack.thread_name == name
    )
    assert found is not None, name
    return found


def test_each_wait_is_traced_to_its_object(seen: Snapshot) -> None:
    get = subject(seen, "get")
    assert (get.kind, get.length, get.max_length, get.waiters) == (SubjectKind.QUEUE, 0, 5, 1)
    put = subject(seen, "put")
    assert (put.kind, put.length, put.max_length, put.unfinished) == (SubjectKind.QUEUE, 1, 1, 1)
    assert subject(seen, "queue-join").unfinished == 1
    arrivals = subject(seen, "barrier")
    assert (arrivals.kind, arrivals.length, arrivals.max_length) == (SubjectKind.BARRIER, 1, 3)
    assert subject(seen, "condition").kind is SubjectKind.CONDITION
    assert subject(seen, "condition").waiters == 1
    assert subject(seen, "event").kind is SubjectKind.EVENT
    assert subject(seen, "lock").kind is SubjectKind.LOCK
    assert subject(seen, "simple-queue").length == 0


def test_stacks_read_from_memory_tell_what_those_of_py_spy_do(seen: Snapshot) -> None:
    read = subject_reader()
    for process in seen.processes:
        bare = tuple(replace(thread, stack=None, subject=None) for thread in process.threads)
        asked = Gap(what=NO_STACKS, because="in vain", pid=process.pid)
        own = read(replace(process, threads=bare, pools=(), gaps=(asked,)))
        assert "diag has read" in own.gaps[0].because
        assert list(map(_told, own.threads)) == list(map(_told, process.threads))
        assert own.pools == process.pools


def _told(thread: Thread) -> tuple[object, ...]:
    stack = thread.stack
    assert stack is not None
    name = None if stack.thread_name == "MainThread" else stack.thread_name
    places = [(each.function, each.file, each.line) for each in stack.frames]
    return name, places, thread.subject, thread.worker


def test_an_object_has_the_name_that_the_program_gives_it(seen: Snapshot) -> None:
    assert subject(seen, "get").names == ("self.inbox of Server",)
    assert subject(seen, "put").names == ("self.outbox of Server",)
    assert subject(seen, "lock").names == ("self.gate of Server",)
    assert set(subject(seen, "event").names) == {
        "self.ready of Server",
        "self.prepared of Server",
    }
    assert subject(seen, "simple-queue").names == ("jobs of module __main__",)
    assert subject(seen, "condition").names == ("changed of module __main__",)
    assert subject(seen, "queue-join").names == ()  # no frame of the program waits for it


def test_objects_of_multiprocessing_are_told_as_such(seen: Snapshot) -> None:
    kinds = {
        "shared-queue": SubjectKind.QUEUE,
        "shared-event": SubjectKind.EVENT,
        "shared-condition": SubjectKind.CONDITION,
        "shared-semaphore": SubjectKind.SEMAPHORE,
    }
    for name, kind in kinds.items():
        assert (subject(seen, name).kind, subject(seen, name).shared) == (kind, True)
    assert (subject(seen, "shared-queue").length, subject(seen, "shared-queue").max_length) == (
        0,
        3,
    )
    assert subject(seen, "shared-event").waiters == 1
    assert subject(seen, "shared-condition").waiters == 1


def test_pools_their_workers_and_their_tasks_are_told(seen: Snapshot) -> None:
    root, *others = seen.processes
    pools = {pool.kind: pool for pool in root.pools}
    assert set(pools) == {PoolKind.THREADS, PoolKind.PROCESSES, PoolKind.MULTIPROCESSING}
    assert {pool.max_workers for pool in pools.values()} == {2}
    assert [len(pools[kind].tasks) for kind in pools].count(0) == 0

    threads = pools[PoolKind.THREADS]
    staff = [t.worker for t in root.threads if t.worker and t.worker.pool == threads.address]
    assert len(staff) == 2
    assert all(worker.busy and worker.task for worker in staff)
    assert threads.waiting == len(threads.tasks) == 3

    processes = pools[PoolKind.PROCESSES]
    work = {
        other.inner_pid or other.pid: thread.worker
        for other in others
        for thread in other.threads
        if thread.worker is not None
    }
    assert {work[pid].task for pid in processes.pids} == {Task(number=0), Task(number=1)}
    awaited = subject(seen, "future").tasks[0].future
    (number,) = (task.number for task in processes.tasks if task.future == awaited)
    assert number == 3

    jobs = pools[PoolKind.MULTIPROCESSING]
    result = subject(seen, "pool-result")
    assert result.tasks == jobs.tasks
    assert {work[pid].task for pid in jobs.pids} == {Task(number=0)}


def test_futures_that_are_awaited_together_are_all_told(seen: Snapshot) -> None:
    processes = next(p for p in seen.processes[0].pools if p.kind is PoolKind.PROCESSES)
    awaited = subject(seen, "futures")
    assert awaited.unread is None
    assert {task.future for task in awaited.tasks} == {task.future for task in processes.tasks}
    assert len(subject(seen, "wait").tasks) == 3
