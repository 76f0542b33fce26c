"""Tasks of asyncio read from outside, against what the process says of them, on every Python."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from diag.collect.cpython import add_objects
from diag.collect.sweep import sweep
from diag.model.aio import AioTask, AwaitKind, Loop
from diag.model.process import Process
from tests.integration import pythons
from tests.integration.harness import PROGRAMS, wait_until_still


class Look(NamedTuple):
    """What a process says of its tasks, and what was read of it."""

    said: dict[str, Any]
    process: Process

    def task(self, kind: str) -> AioTask:
        """Return the task that the program has under a name."""
        address = self.said["tasks"][kind]["address"]
        return next(task for task in self.process.tasks if task.address == address)

    @property
    def loop(self) -> Loop:
        """The only loop."""
        (loop,) = (thread.loop for thread in self.process.threads if thread.loop is not None)
        return loop


def look_at(target: pythons.Target, *arguments: str) -> Iterator[Look]:
    with subprocess.Popen(
        target.argv(PROGRAMS / "asyncio" / "tasks.py", *arguments),
        stdout=subprocess.PIPE,
        env=pythons.environment(),
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            wait_until_still(process.pid)
            yield Look(said, add_objects(sweep(process.pid)).processes[0])
        finally:
            process.kill()


@pytest.fixture(params=pythons.one_per_minor(), ids=pythons.label, scope="module")
def idle(request: pytest.FixtureRequest) -> Iterator[Look]:
    yield from look_at(request.param)


@pytest.fixture(params=pythons.one_per_minor(), ids=pythons.label)
def blocked(request: pytest.FixtureRequest) -> Iterator[Look]:
    yield from look_at(request.param, "block")


def test_every_task_is_found_once_with_its_name_and_its_frames(idle: Look) -> None:
    # The last two are the one that the main thread waits for and that of the other thread.
    assert len(idle.process.tasks) == len(idle.said["tasks"]) + 2
    for kind, truth in idle.said["tasks"].items():
        task = idle.task(kind)
        frames = [[frame.bare_name, frame.line] for frame in reversed(task.frames)]
        assert (task.name, task.loop) == (truth["name"], idle.said["loop"])
        # The program itself cannot see beyond generators.
        assert frames[: len(truth["frames"])] == truth["frames"], kind
        assert not task.running


@pytest.mark.parametrize("kind", [kind.value for kind in AwaitKind if kind.value not in
                                  ("tasks", "io", "barrier")])  # fmt: skip
def test_what_a_task_awaits_is_told(idle: Look, kind: str) -> None:
    assert idle.task(kind).kind == kind


def test_tasks_that_are_awaited_are_told(idle: Look) -> None:
    first, event = idle.task("future").address, idle.task("event").address
    for kind in ("task", "shield", "wait-for"):
        assert idle.task(kind).tasks == (first,), kind
        assert idle.task(kind).kind is AwaitKind.TASKS
    for kind in ("gather", "wait"):
        assert set(idle.task(kind).tasks) == {first, event}, kind


def test_who_is_inside_async_with_is_told_from_who_waits_to_enter(idle: Look) -> None:
    lock = idle.said["lock"]
    assert [task.address for task in idle.process.tasks if lock in task.holds] == [
        idle.task("holder").address
    ]
    assert idle.task("lock").object == lock


def test_futures_of_other_threads_are_followed(idle: Look) -> None:
    assert idle.task("executor").future == idle.said["future"]
    resolving = [task for task in idle.process.tasks if task.resolves]
    assert [task.resolves for task in resolving] == [(idle.said["resolved"],)]


def test_async_generators_and_awaitable_objects_are_followed(idle: Look) -> None:
    assert idle.task("generator").frames[0].bare_name == "numbers"
    assert idle.task("awaitable").frames[0].bare_name == "on_future"


def test_an_idle_loop_is_read(idle: Look) -> None:
    loop = idle.loop
    assert loop.address == idle.said["loop"]
    assert (loop.ready, loop.callback, loop.task) == (0, None, None)
    # The main coroutine has gone to sleep since it has told its timers.
    assert loop.timers == idle.said["timers"] + 1
    assert loop.next_deadline_s == pytest.approx(idle.said["timer"])


def test_a_loop_that_runs_a_task_is_read(blocked: Look) -> None:
    assert blocked.loop.task == blocked.said["main"]
    assert blocked.loop.callback is not None
    (running,) = (task for task in blocked.process.tasks if task.running)
    assert [frame.bare_name for frame in running.frames] == ["main"]
    assert running.kind is None
