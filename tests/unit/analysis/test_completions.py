"""Who completes a task: exact where it is known, anybody where it is not."""

import msgspec
import pytest

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.completions import Completion, TaskState, completion_of
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.pool import Pool, PoolKind, Worker
from diag.model.process import Process
from diag.model.subject import Subject, SubjectKind, Task
from diag.model.thread import Thread
from tests.unit.world import (
    RUNNING,
    SLEEPING,
    case,
    frames,
    lock_wait,
    polls,
    process,
    reads,
    snapshot,
    thread,
    writes,
)

QUEUE = 0x5000
RESULT = frames("wait ~threading.py:1", "result ~concurrent/futures/_base.py:2", "handle shop.py:3")
MAIN, ONE, TWO, BEAT = (ThreadId(10, tid) for tid in (10, 11, 12, 13))


def awaiting(tid: int, *futures: int, kind=SubjectKind.FUTURE, number=None, **more) -> Thread:
    subject = Subject(
        kind=kind, tasks=tuple(Task(future=future, number=number) for future in futures), **more
    )
    return msgspec.structs.replace(thread(tid, lock_wait(), stack=RESULT), subject=subject)


def running(made: Thread, future=None, *, number=None, kind=PoolKind.THREADS, busy=True) -> Thread:
    task = Task(future=future, number=number) if future or number is not None else None
    pool = QUEUE if kind is PoolKind.THREADS else None
    worker = Worker(kind=kind, pool=pool, task=task, busy=busy)
    return msgspec.structs.replace(made, worker=worker)


def with_pool(owner: Process, *queued: int, kind=PoolKind.THREADS, most=2, **more) -> Process:
    pool = Pool(
        kind=kind,
        address=QUEUE,
        max_workers=most,
        tasks=tuple(Task(future=future) for future in queued),
        **more,
    )
    return msgspec.structs.replace(owner, pools=(pool,))


def kinds(seen: Case) -> list[CauseKind]:
    return [cause.kind for cause in seen.causes]


def told(seen: Case, waiter: ThreadId) -> Completion:
    found = completion_of(seen.tree, waiter)
    assert found is not None
    return found


class TestThreadPool:
    def pool(self, one: Thread, two: Thread, *queued: int, most=2, beat=SLEEPING) -> Case:
        main = awaiting(10, 0xA)
        owner = process(10, main, one, two, thread(13, beat, stack=frames("beat shop.py:9")))
        return case(with_pool(owner, *queued, most=most))

    def test_a_future_is_completed_by_the_worker_that_runs_it(self):
        seen = self.pool(running(thread(11, lock_wait()), 0xA), running(thread(12, SLEEPING), 0xB))
        found = told(seen, MAIN)
        assert (found.state, found.threads) == (TaskState.RUNNING, frozenset({ONE}))

    def test_it_is_a_victim_of_that_worker_though_another_thread_runs(self):
        stuck = thread(11, lock_wait(LockKind.RLOCK, owner=999), stack=frames("handle shop.py:7"))
        seen = self.pool(running(stuck, 0xA), running(thread(12, SLEEPING), 0xB))
        (cause,) = seen.causes
        assert (cause.threads, cause.victims) == ((ONE,), (MAIN,))
        assert MAIN not in seen.liveness.proven

    def test_it_is_live_while_its_worker_is(self):
        seen = self.pool(running(thread(11, SLEEPING), 0xA), running(thread(12, SLEEPING), 0xB))
        assert not seen.causes

    def test_workers_that_all_wait_for_their_own_queue_saturate_it(self):
        one, two = running(awaiting(11, 0xC), 0xA), running(awaiting(12, 0xD), 0xB)
        seen = self.pool(one, two, 0xC, 0xD)
        assert kinds(seen) == [CauseKind.POOL_SATURATED]
        assert set(seen.causes[0].threads) == {ONE, TWO}
        assert not seen.causes[0].proven
        assert self.pool(one, two, 0xC, 0xD, beat=lock_wait()).causes[0].proven

    @pytest.mark.parametrize("most", [3, None])
    def test_a_pool_that_may_grow_is_not_saturated(self, most: int | None):
        one, two = running(awaiting(11, 0xC), 0xA), running(awaiting(12, 0xD), 0xB)
        assert not self.pool(one, two, 0xC, 0xD, most=most).causes

    def test_one_worker_that_runs_is_enough(self):
        one, two = running(awaiting(11, 0xC), 0xA), running(thread(12, RUNNING), 0xB)
        assert not self.pool(one, two, 0xC).causes

    def test_a_future_of_nobody_known_may_be_set_by_anybody(self):
        one, two = running(awaiting(11, 0xC), 0xA), running(awaiting(12, 0xE), 0xB)
        assert not self.pool(one, two, 0xC).causes

    def test_what_could_not_be_read_may_be_completed_by_anybody(self):
        one = running(awaiting(11, 0xC, unread="too many"), 0xA)
        seen = self.pool(one, running(awaiting(12, 0xD), 0xB), 0xC, 0xD)
        assert completion_of(seen.tree, ONE) is None
        assert not seen.causes

    def test_any_of_several_futures_will_do(self):
        main = awaiting(10, 0xA, 0xB, kind=SubjectKind.FUTURES)
        stuck = running(thread(11, lock_wait(LockKind.RLOCK, owner=999)), 0xA)
        owner = process(10, main, stuck, running(thread(12, SLEEPING), 0xB))
        seen = case(with_pool(owner))
        assert told(seen, MAIN).threads == {ONE, TWO}
        assert MAIN not in seen.liveness.likely


class TestProcessPool:
    def pool(self, *workers: Thread, seen_pids=(21, 22)) -> Case:
        owner = with_pool(
            process(10, awaiting(10, 0xA), thread(13, SLEEPING, stack=frames("beat shop.py:9"))),
            kind=PoolKind.PROCESSES,
            pids=seen_pids,
        )
        tasks = tuple(Task(future=0xA + number, number=number) for number in range(5))
        (pool,) = owner.pools
        owner = msgspec.structs.replace(owner, pools=(msgspec.structs.replace(pool, tasks=tasks),))
        return case(owner, *(process(made.tid, made, parent=10) for made in workers))

    def worker(self, pid: int, number=None, wait=SLEEPING, *, busy=True) -> Thread:
        made = thread(pid, wait, stack=frames("handle shop.py:7"))
        return running(made, number=number, kind=PoolKind.PROCESSES, busy=busy)

    def test_a_future_is_completed_by_the_process_that_has_its_number(self):
        seen = self.pool(self.worker(21, 0), self.worker(22, 1))
        assert told(seen, MAIN).threads == {ThreadId(21, 21)}

    def test_one_in_the_queue_waits_for_any_worker_if_all_are_busy(self):
        seen = self.pool(self.worker(21, 3), self.worker(22, 4))
        found = told(seen, MAIN)
        assert found.state is TaskState.QUEUED
        assert found.threads == {ThreadId(21, 21), ThreadId(22, 22)}

    def test_with_a_free_worker_it_is_on_its_way(self):
        seen = self.pool(self.worker(21, 3), self.worker(22, busy=False))
        assert completion_of(seen.tree, MAIN) is None

    def test_a_worker_that_was_not_seen_may_have_it(self):
        seen = self.pool(self.worker(21, 3), self.worker(22, 4), seen_pids=(21, 22, 23))
        assert completion_of(seen.tree, MAIN) is None

    def executor_without_workers(self, manager):
        seen = self.pool(seen_pids=())
        owner = seen.tree.snapshot.processes[0]
        (frame,) = frames("run ~concurrent/futures/process.py:5")
        made = thread(15, manager, stack=(frame,))
        return msgspec.structs.replace(owner, threads=(*owner.threads, made))

    def test_an_executor_that_has_tasks_and_no_worker_has_lost_them(self):
        seen = case(self.executor_without_workers(lock_wait()))
        assert told(seen, MAIN).state is TaskState.LOST
        assert [(cause.kind, cause.proven) for cause in seen.causes] == [
            (CauseKind.LOST_TASK, False)
        ]

    def test_an_executor_whose_manager_moves_may_start_a_worker(self):
        assert not case(self.executor_without_workers(RUNNING)).causes

    def executor_at_rest(self, *, feeder=None, manager=None, free=None, busy=None):
        """Nobody has task 0: the worker 21 waits for one, 22 has number 1."""
        workers = (
            self.worker(21, wait=free or reads("pipe:[tasks]"), busy=False),
            busy or self.worker(22, 1),
        )
        owner, *staff = self.pool(*workers).tree.snapshot.processes
        (frame,) = frames("run ~concurrent/futures/process.py")
        frame = msgspec.structs.replace(frame, self_address=QUEUE)
        manages = thread(15, manager or polls("p"), stack=(frame,))
        feeds = thread(
            16,
            feeder or lock_wait(),
            stack=frames("wait ~threading.py", "_feed ~multiprocessing/queues.py"),
        )
        owner = msgspec.structs.replace(owner, threads=(*owner.threads, manages, feeds))
        return case(owner, *staff)

    def test_a_task_that_no_process_of_an_executor_has_is_lost(self):
        seen = self.executor_at_rest()
        assert told(seen, MAIN).state is TaskState.LOST
        assert [(cause.kind, cause.proven) for cause in seen.causes] == [
            (CauseKind.LOST_TASK, False)
        ]

    @pytest.mark.parametrize(
        "moving",
        [
            {"feeder": writes("p")},
            {"manager": RUNNING},
            {"free": SLEEPING},
        ],
        ids=["on its way to a worker", "a result is taken", "no worker reads"],
    )
    def test_a_task_of_an_executor_may_be_on_its_way(self, moving):
        assert completion_of(self.executor_at_rest(**moving).tree, MAIN) is None

    def test_a_worker_of_an_executor_that_is_just_starting_may_take_it(self):
        starting = self.worker(22)
        assert completion_of(self.executor_at_rest(busy=starting).tree, MAIN) is None

    def without_manager(self, *more: Thread) -> Case:
        main = awaiting(10, 0xA)
        return case(
            process(10, main, *more),
            process(21, self.worker(21, wait=reads("pipe:[tasks]"), busy=False), parent=10),
        )

    def test_nobody_takes_results_where_the_manager_has_ended(self):
        seen = self.without_manager()
        assert told(seen, MAIN).state is TaskState.UNTAKEN
        assert kinds(seen) == [CauseKind.LOST_TASK]

    def test_beside_a_thread_of_the_program_that_lives_nothing_is_said(self):
        seen = self.without_manager(thread(13, SLEEPING, stack=frames("beat shop.py:9")))
        assert not seen.causes

    def test_a_thread_without_a_stack_may_be_the_manager(self):
        unseen = msgspec.structs.replace(thread(15, polls("p")), stack=None, ident=0x15)
        assert completion_of(self.without_manager(unseen).tree, MAIN) is None


class TestLostTask:
    JOB = 7
    CACHE = 0x9000

    def handler(self, tid: int, function: str, wait) -> Thread:
        (frame,) = frames(f"{function} ~multiprocessing/pool.py:5")
        frame = msgspec.structs.replace(
            frame, objects={"cache": self.CACHE, "inqueue": QUEUE, "pool": 1}
        )
        return thread(tid, wait, stack=(frame,))

    def owner(self, *, waiting=0, feeder=None, taker=None) -> Process:
        made = process(
            10,
            awaiting(10, 0xA, kind=SubjectKind.POOL_RESULT, number=self.JOB),
            self.handler(11, "_handle_workers", lock_wait()),
            self.handler(12, "_handle_tasks", feeder or lock_wait(LockKind.SIMPLE_QUEUE)),
            self.handler(14, "_handle_results", taker or reads("pipe:[results]")),
            thread(13, SLEEPING, stack=frames("beat shop.py:9")),
        )
        pool = Pool(
            kind=PoolKind.MULTIPROCESSING,
            address=QUEUE,
            max_workers=2,
            pids=(21, 22),
            waiting=waiting,
            tasks=(Task(future=0xA, number=self.JOB),),
        )
        return msgspec.structs.replace(made, pools=(pool,))

    def worker(self, pid: int, wait, number=None, *, busy=False) -> Process:
        made = running(thread(pid, wait), number=number, kind=PoolKind.MULTIPROCESSING, busy=busy)
        return process(pid, made, parent=10)

    def workers(self) -> tuple[Process, Process]:
        free = self.worker(21, reads("pipe:[tasks]"))
        return free, self.worker(22, SLEEPING)

    def test_a_task_that_nobody_has_is_lost_though_other_threads_run(self):
        seen = case(self.owner(), *self.workers())
        assert told(seen, MAIN).state is TaskState.LOST
        assert kinds(seen) == [CauseKind.LOST_TASK]
        assert not seen.causes[0].proven

    def test_a_worker_that_runs_it_has_it(self):
        runs = self.worker(22, SLEEPING, self.JOB, busy=True)
        seen = case(self.owner(), self.workers()[0], runs)
        assert told(seen, MAIN).state is TaskState.RUNNING
        assert not seen.causes

    def test_a_busy_worker_whose_task_could_not_be_read_may_have_it(self):
        seen = case(self.owner(), self.workers()[0], self.worker(22, SLEEPING, busy=True))
        assert completion_of(seen.tree, MAIN) is None

    @pytest.mark.parametrize(
        "owner",
        [{"waiting": 1}, {"waiting": None}, {"feeder": SLEEPING}, {"taker": RUNNING}],
        ids=["queued", "unread", "fed by a slow iterable", "result arrives"],
    )
    def test_a_task_on_its_way_is_not_lost(self, owner):
        assert not case(self.owner(**owner), *self.workers()).causes

    def test_without_a_free_worker_the_pipe_may_hold_it(self):
        seen = case(
            self.owner(), self.worker(21, SLEEPING), self.worker(22, SLEEPING, 3, busy=True)
        )
        assert not seen.causes

    def test_a_result_that_nobody_takes_never_comes_though_a_worker_runs(self):
        owner = self.owner()
        alive = tuple(thread for thread in owner.threads if thread.tid != 14)
        runs = self.worker(22, SLEEPING, self.JOB, busy=True)
        seen = case(msgspec.structs.replace(owner, threads=alive), self.workers()[0], runs)
        assert told(seen, MAIN).state is TaskState.UNTAKEN
        assert kinds(seen) == [CauseKind.LOST_TASK]

    def test_a_thread_without_a_stack_may_be_the_one_that_takes_results(self):
        owner = self.owner()
        unseen = tuple(
            msgspec.structs.replace(each, stack=None, ident=0x14) if each.tid == 14 else each
            for each in owner.threads
        )
        runs = self.worker(22, SLEEPING, self.JOB, busy=True)
        seen = case(msgspec.structs.replace(owner, threads=unseen), self.workers()[0], runs)
        assert told(seen, MAIN).state is TaskState.RUNNING

    def test_a_witness_that_moves_makes_it_live(self):
        owner, (free, other) = self.owner(), self.workers()
        moved = msgspec.structs.replace(
            free, threads=(msgspec.structs.replace(free.threads[0], voluntary_switches=6),)
        )
        second = snapshot(owner, moved, other, at_s=101.0)
        assert not case(owner, free, other, second=second).causes
