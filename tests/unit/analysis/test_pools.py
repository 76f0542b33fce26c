"""Pools read as pools."""

import msgspec
import pytest

from diag.analysis.frames import user_frame
from diag.analysis.pools import pools_of
from diag.analysis.roles import role_of
from diag.model.ids import ThreadId
from diag.model.pool import Pool, PoolKind, Worker
from tests.unit.world import SLEEPING, case, frames, lock_wait, process, reads, thread

ARBITER = ("spawn_worker ~site-packages/gunicorn/arbiter.py:1", "main run.py:1")
ACCEPT = "wait ~site-packages/gunicorn/workers/sync.py:2"
REQUEST = "handle_request ~site-packages/gunicorn/workers/sync.py:3"


def worker(pid, *, busy, wait=SLEEPING):
    made = thread(pid, wait, stack=frames("handle shop.py:7" if busy else "get ~queues.py:1"))
    fact = Worker(kind=PoolKind.PROCESSES, busy=busy)
    return process(pid, msgspec.structs.replace(made, worker=fact), parent=10)


def seen(*workers, pids=(21, 22, 23), waiting=4):
    pool = Pool(kind=PoolKind.PROCESSES, address=1, max_workers=3, pids=pids, waiting=waiting)
    owner = process(
        10,
        thread(10, SLEEPING),
        thread(11, SLEEPING, stack=frames("_feed ~multiprocessing/queues.py:1")),
    )
    return case(msgspec.structs.replace(owner, pools=(pool,)), *workers)


def test_idle_working_and_stuck_workers_are_told_apart() -> None:
    made = seen(
        worker(21, busy=False), worker(22, busy=True), worker(23, busy=True, wait=lock_wait())
    )
    (view,) = pools_of(made.tree, frozenset({ThreadId(23, 23), ThreadId(21, 21)}))
    assert (view.idle, view.working, view.stuck) == ((21,), (22,), (23,))
    assert (view.queued, view.starting) == (2, 0)
    assert view.outliers == ("worker 23 is stuck in handle (shop.py:7)",)
    assert view.machinery == {11: "feeder"}


def test_a_worker_that_is_not_in_its_loop_yet_is_counted() -> None:
    made = seen(worker(21, busy=False), process(22, thread(22, SLEEPING), parent=10), pids=(21, 22))
    (view,) = pools_of(made.tree, frozenset())
    assert (view.idle, view.starting) == ((21,), 1)


def test_the_one_that_alone_has_a_task_is_named() -> None:
    made = seen(worker(21, busy=False), worker(22, busy=True), worker(23, busy=False))
    (view,) = pools_of(made.tree, frozenset())
    assert view.outliers == ("only worker 22 has a task in handle (shop.py:7)",)


@pytest.mark.parametrize("stuck", [True, False])
def test_workers_of_a_server_are_known_by_their_frames(*, stuck: bool) -> None:
    made = case(
        process(10, thread(10, SLEEPING, stack=frames("run ~site-packages/gunicorn/arbiter.py:1"))),
        process(21, thread(21, reads("x"), stack=frames(ACCEPT, *ARBITER)), parent=10, forked=True),
        process(
            22,
            thread(22, lock_wait(), stack=frames("order shop.py:1", REQUEST, *ARBITER)),
            parent=10,
            forked=True,
        ),
    )
    (view,) = pools_of(made.tree, frozenset({ThreadId(22, 22)} if stuck else ()))
    assert (view.kind, view.pid, view.idle) == ("gunicorn", 10, (21,))
    assert (view.stuck, view.working) == (((22,), ()) if stuck else ((), (22,)))


def test_frames_that_a_fork_copied_make_no_worker_of_a_child() -> None:
    copied = (
        "_launch ~multiprocessing/popen_fork.py:1",
        "task shop.py:1",
        "_process_worker ~concurrent/futures/process.py:1",
        "main run.py:1",
    )
    child = process(
        22, thread(22, SLEEPING, stack=frames("sleep ~x.py:1", *copied)), parent=21, forked=True
    )
    made = case(process(21, thread(21, SLEEPING)), child)
    assert role_of(made.tree, 22) == "child"
    stack = made.tree.threads[ThreadId(22, 22)].stack
    assert stack is not None
    assert [frame.function for frame in stack.own_frames] == ["sleep"]
    shown = user_frame(stack)
    assert shown is not None
    assert shown.function == "sleep"
