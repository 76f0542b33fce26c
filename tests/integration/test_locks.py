"""Lock objects and owners read from programs that really block, on every Python here.

Each program prints what is true; nothing that is asserted is known otherwise.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from diag.collect.cpython import add_objects
from diag.collect.sweep import sweep
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.thread import Thread
from tests.integration.pythons import Target, available, environment, label

BLOCKED = Path(__file__).parents[1] / "programs" / "locks" / "blocked.py"
INSIDE_WITH = BLOCKED.with_name("inside_with.py")
DEADLINE_S = 30
FUTEX = "202"

Facts = dict[str, Any]
Start = Callable[..., Facts]

every_python = pytest.mark.parametrize("python", available(), ids=label)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the program; give what it prints."""
    started: list[subprocess.Popen[str]] = []

    def run(
        python: Target, *arguments: str, program: Path = BLOCKED, within: tuple[str, ...] = ()
    ) -> Facts:
        process = subprocess.Popen(
            [*within, *python.argv(program, *arguments)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        facts: Facts = json.loads(process.stdout.readline())
        return {"root": process.pid, **facts}

    yield run
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=DEADLINE_S)


def until_blocked(pid: int, tid: int) -> None:
    """Wait until a thread has been in the same futex wait twice in a row."""
    path = Path(f"/proc/{pid}/task/{tid}")
    deadline = time.monotonic() + DEADLINE_S
    before = None
    while time.monotonic() < deadline:
        switches = [line for line in (path / "status").read_text().splitlines() if "ctxt" in line]
        now = ((path / "syscall").read_text(), switches)
        if now == before and now[0].startswith(FUTEX):
            return
        before = now
        time.sleep(0.005)
    raise AssertionError(f"thread {tid} never blocked: {before}")


def look(facts: Facts) -> Snapshot:
    """Return one look at the blocked program."""
    until_blocked(facts["pid"], facts["waiter"])
    return add_objects(sweep(facts["root"]))


def waiter_of(snapshot: Snapshot, facts: Facts) -> tuple[Process, Thread]:
    process = snapshot.process(facts["pid"])
    assert process is not None
    assert process.gaps == ()
    assert process.interpreter is not None
    assert process.interpreter.memory is None, process.interpreter.memory
    return process, next(t for t in process.threads if t.tid == facts["waiter"])


OBJECTS = [
    "rlock",
    "rlock_twice",
    "rlock_fork",
    "c_fork",
    "plain",
    "timed",
    "buffer_fork",
    "buffer_threads",
    "simple_queue",
    "join",
    "mutex",
    "native_join",
    "subclass",
]


@every_python
@pytest.mark.parametrize("scenario", OBJECTS)
def test_names_object_and_owner(start: Start, python: Target, scenario: str) -> None:
    facts = start(python, scenario)
    snapshot = look(facts)
    process, thread = waiter_of(snapshot, facts)
    lock = thread.wait.lock
    assert lock is not None
    assert lock.kind == facts["kind"], lock
    if "type" in facts:
        assert lock.type_name == facts["type"]
        # A buffered file is used through the object that the program has.
        assert lock.address == facts["address"]
    assert lock.owner_ident == facts.get("owner_ident")
    assert lock.count == facts.get("count", lock.count)
    assert (lock.owner_unknown is None) == ("owner_ident" in facts)
    if facts["kind"] in ("rlock", "buffer", "mutex") or "owner_ident" not in facts:
        assert lock.locked is not False
    by_ident = {t.ident: t.tid for t in process.threads}
    if facts["kind"] == "mutex":
        assert lock.owner_tid == facts["owner_tid"]
    elif "owner_tid" in facts:
        assert by_ident[facts["owner_ident"]] == facts["owner_tid"]
    if facts.get("owner_alive") is False:
        assert lock.owner_ident not in by_ident
        parent = snapshot.process(facts["parent"])
        assert parent is not None
        assert lock.owner_ident in {t.ident for t in parent.threads}
    assert process.dead_idents == tuple(facts.get("dead_idents", ()))


WITHS = [
    "simple",
    "event",
    "nested",
    "below",
    "after_exception",
    "in_handler",
    "from_list",
    "in_generator",
    "by_generator",
    "by_stack",
    "by_generator_with_stack",
    "by_stack_of_generators",
    "condition_in_stack",
    "condition_of_another_lock",
    "itself",
    "by_acquire",
    "after_with",
    "after_stack",
    "after_generator",
    "pushed",
    "released_by_condition",
    "forked",
]


@every_python
@pytest.mark.parametrize("shape", WITHS)
def test_names_thread_inside_a_with_statement(start: Start, python: Target, shape: str) -> None:
    facts = start(python, shape, program=INSIDE_WITH)
    _, thread = waiter_of(look(facts), facts)
    lock = thread.wait.lock
    assert lock is not None
    assert (lock.kind, lock.address) == ("lock", facts["address"])
    assert lock.owner_ident == facts.get("owner_ident")
    assert lock.owner_source == ("with" if "owner_ident" in facts else None)
    assert (lock.owner_unknown is None) == ("owner_ident" in facts)


@every_python
def test_names_holder_of_gil(start: Start, python: Target) -> None:
    facts = start(python, "gil")
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        snapshot = add_objects(sweep(facts["pid"]))
        process, thread = waiter_of(snapshot, facts)
        lock = thread.wait.lock
        # Waits for the GIL are cut into pieces of 5 ms: it may have moved on.
        if lock is not None and lock.kind != "unknown":
            break
    else:
        raise AssertionError("never saw the thread wait for the GIL")
    assert lock.kind == "gil"
    assert lock.locked is True
    assert lock.owner_ident == facts["owner_ident"]
    assert process.gil is not None
    assert process.gil.address == lock.address
    assert process.gil.holder_ident == facts["owner_ident"]
    assert (
        next(t.ident for t in process.threads if t.tid == facts["owner_tid"])
        == (facts["owner_ident"])
    )


SEMAPHORES = [
    ("semaphore", "fork"),
    ("semaphore", "fork", "RLock"),
    ("semaphore", "fork", "Lock", "kill"),
    ("semaphore", "spawn"),
    ("semaphore", "spawn", "RLock"),
    ("semaphore", "spawn", "Lock", "kill"),
    ("false_co_owner",),
]


@every_python
@pytest.mark.parametrize("arguments", SEMAPHORES, ids="-".join)
def test_names_holders_of_semaphore(
    start: Start, python: Target, arguments: tuple[str, ...]
) -> None:
    facts = start(python, *arguments)
    _, thread = waiter_of(look(facts), facts)
    lock = thread.wait.lock
    assert lock is not None
    assert lock.kind == "semaphore"
    assert lock.type_name == facts["type"]
    semaphore = lock.semaphore
    assert semaphore is not None
    assert (semaphore.value, semaphore.max_value) == (0, 1)
    assert semaphore.recursive == facts["recursive"]
    holders = sorted([h.pid, h.ident, h.count] for h in semaphore.holders)
    assert holders == sorted(facts["holders"])
    assert semaphore.unread == ()
    assert set(facts["pids"]) <= set(semaphore.mapped_by)
    assert (lock.owner_unknown is None) == (len(holders) == 1)


@every_python
def test_outsider_that_maps_a_semaphore_is_named(start: Start, python: Target) -> None:
    facts = start(python, "semaphore", "fork")
    outsider = next(holder[0] for holder in facts["holders"])
    until_blocked(facts["pid"], facts["waiter"])
    snapshot = add_objects(sweep(facts["waiter"]))
    assert [process.pid for process in snapshot.context] == [facts["root"]]
    _, thread = waiter_of(snapshot, facts)
    lock = thread.wait.lock
    assert lock is not None
    assert lock.semaphore is not None
    assert lock.semaphore.unread == (outsider,)
    assert set(lock.semaphore.mapped_by) == set(facts["pids"])
    assert lock.owner_unknown is not None


@every_python
def test_idents_of_many_threads(start: Start, python: Target) -> None:
    facts = start(python, "many_threads", "60")
    for tid, _ in facts["idents"]:
        until_blocked(facts["pid"], tid)
    snapshot = sweep(facts["pid"])
    began = time.process_time()
    process = add_objects(snapshot).processes[0]
    assert time.process_time() - began < 1.0
    by_tid = {thread.tid: thread for thread in process.threads}
    for tid, ident in facts["idents"]:
        assert by_tid[tid].ident == ident
        lock = by_tid[tid].wait.lock
        assert lock is not None
        assert lock.owner_ident == facts["owner_ident"]
    assert process.interpreter is not None
    version = process.interpreter.version
    assert version == ".".join(map(str, python.version))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a pid namespace")
@every_python
@pytest.mark.parametrize("scenario", ["rlock", "mutex"])
def test_owner_in_another_pid_namespace(start: Start, python: Target, scenario: str) -> None:
    within = ("unshare", "--pid", "--fork", "--kill-child")
    facts = start(python, scenario, within=within)
    children = Path(f"/proc/{facts['root']}/task/{facts['root']}/children")
    (pid,) = map(int, children.read_text().split())
    until_blocked(pid, pid)
    process = add_objects(sweep(facts["root"])).process(pid)
    assert process is not None
    (owner,) = [t for t in process.threads if t.inner_tid == facts["owner_tid"]]
    assert owner.tid != owner.inner_tid
    lock = process.threads[0].wait.lock
    assert lock is not None
    assert (lock.owner_ident or owner.ident) == owner.ident
    assert (lock.owner_tid or owner.tid) == owner.tid
    assert lock.owner_unknown is None


@every_python
def test_program_that_never_stands_still_is_never_misread(start: Start, python: Target) -> None:
    facts = start(python, program=BLOCKED.with_name("churn.py"))
    owned = 0
    for _ in range(60):
        process = add_objects(sweep(facts["root"])).processes[0]
        assert process.gaps == ()
        assert process.interpreter is not None
        assert process.interpreter.memory is None
        idents = {thread.ident for thread in process.threads}
        owners = {thread.wait.lock.owner_ident for thread in process.threads if thread.wait.lock}
        # An owner that is no more must not be reported as one that died with its lock.
        assert owners - {None} <= idents
        owned += len(owners - {None})
    assert owned


def test_other_program_is_not_python() -> None:
    with subprocess.Popen(["/bin/sleep", "1000"]) as process:
        try:
            snapshot = add_objects(sweep(process.pid))
        finally:
            process.kill()
    assert snapshot.processes[0].interpreter is None
    assert snapshot.processes[0].gaps == ()


def test_process_that_ended_has_a_gap() -> None:
    process = subprocess.Popen(["/bin/sleep", "1000"])
    snapshot = sweep(process.pid)
    process.kill()
    process.wait()
    seen = add_objects(snapshot).processes[0]
    assert [gap.what for gap in seen.gaps] == ["memory"]
    assert "ended" in seen.gaps[0].because
