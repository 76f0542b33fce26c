"""Rules about threads that are not asleep in a wait of their own: GIL, loops, tracers, devices."""

from collections.abc import Iterable

import msgspec

from diag.analysis.case import Case
from diag.analysis.parked import parked_words
from diag.model.aio import AioTask, AwaitKind, Loop
from diag.model.finding import Confidence, Finding, Severity
from diag.model.lock import LockKind
from diag.model.process import Gil, Process
from diag.model.sample import Activity, ThreadActivity
from diag.model.thread import Thread
from diag.model.wait import Wait, WaitKind
from diag.rules.registry import RULES
from tests.unit.world import (
    HOST,
    RUNNING,
    SLEEPING,
    case,
    frames,
    lock_wait,
    pipe,
    polls,
    process,
    snapshot,
    thread,
)

WANTS_GIL = lock_wait(LockKind.GIL, owner=10 * 16)
PARSE = frames("match ~re/__init__.py:167", "parse app.py:7")
POLL = frames("select ~selectors.py:468", "_run_once ~asyncio/base_events.py:1884", "run app.py:1")
LOOP = 0x100


def findings(seen: Case) -> list[Finding]:
    return [finding for rule in RULES for finding in rule.judge(seen)]


def gil(switches: int = 7) -> Gil:
    return Gil(address=0x99, locked=True, holder_ident=10 * 16, switch_number=switches)


def later(*processes: Process, ticks: int = 0) -> tuple[Process, ...]:
    """The same processes a second later; threads that run have used CPU time."""

    def older(known: Thread) -> Thread:
        used = ticks if known.wait.kind is WaitKind.RUNNING else 0
        return msgspec.structs.replace(
            known, user_ticks=known.user_ticks + used, read_at_s=known.read_at_s + 1.0
        )

    return tuple(
        msgspec.structs.replace(each, threads=tuple(map(older, each.threads))) for each in processes
    )


def look(*processes: Process, ticks: int = 0, activities: Iterable[Activity] = ()) -> Case:
    second = snapshot(*later(*processes, ticks=ticks), at_s=101.0)
    return Case(snapshot(*processes), second, HOST, activities=tuple(activities))


class TestGilHeld:
    def test_a_holder_that_runs_c_code_is_named_with_those_that_starve(self) -> None:
        seen = look(
            process(
                10, thread(10, RUNNING, stack=PARSE), thread(11, WANTS_GIL, stack=()), gil=gil()
            ),
            ticks=80,
        )
        (found,) = findings(seen)
        assert (found.rule, found.severity) == ("gil-held", Severity.WARNING)
        assert found.confidence is Confidence.LIKELY
        assert found.primary.function == "parse"
        assert [place.tid for place in found.related] == [11]

    def test_a_gil_that_changes_hands_is_no_trouble(self) -> None:
        threads = (thread(10, RUNNING, stack=PARSE), thread(11, WANTS_GIL, stack=()))
        second = snapshot(process(10, *threads, gil=gil(8)), at_s=101.0)
        assert not findings(Case(snapshot(process(10, *threads, gil=gil(7))), second, HOST))

    def test_a_holder_that_gets_no_cpu_time_is_not_accused(self) -> None:
        threads = (thread(10, RUNNING, stack=PARSE), thread(11, WANTS_GIL, stack=()))
        assert not findings(look(process(10, *threads, gil=gil()), ticks=2))

    def test_a_thread_that_was_caught_asking_for_the_gil_starves_too(self) -> None:
        threads = (thread(10, RUNNING, stack=PARSE), thread(11, RUNNING, stack=()))
        asking = ThreadActivity(
            pid=10, tid=11, looks=20, running=5, waiting_for_gil=15, cpu_ticks=1
        )
        activity = Activity(root=process(10).id, started_s=100.2, ended_s=100.9, threads=(asking,))
        seen = process(10, *threads, gil=gil())
        (found,) = findings(look(seen, ticks=80, activities=[activity]))
        assert found.rule == "gil-held"
        assert not findings(look(seen, ticks=80))

    def test_it_is_an_error_if_the_owner_of_a_mutex_wants_the_gil(self) -> None:
        mutex = lock_wait(LockKind.MUTEX, owner_tid=11)
        seen = look(
            process(10, thread(10, mutex, stack=PARSE), thread(11, WANTS_GIL, stack=()), gil=gil())
        )
        (found,) = findings(seen)
        assert (found.rule, found.severity) == ("gil-held", Severity.ERROR)
        assert found.confidence is Confidence.PROVEN
        assert (found.primary.tid, [place.tid for place in found.related]) == (10, [11])

    def test_a_main_thread_that_wants_the_gil_is_named_beside_who_keeps_it(self) -> None:
        mutex = lock_wait(LockKind.MUTEX, owner_tid=10)
        main = thread(10, lock_wait(LockKind.GIL, owner=11 * 16), stack=frames("main app.py:3"))
        held = msgspec.structs.replace(gil(), holder_ident=11 * 16)
        keeps = thread(11, mutex, stack=frames("Thread.run ~threading.py:992"))
        (found,) = findings(look(process(10, main, keeps, gil=held)))
        assert (found.rule, found.severity) == ("gil-held", Severity.ERROR)
        assert (found.primary.tid, [place.tid for place in found.related]) == (11, [10])


def loop_process(*tasks: AioTask, loop: Loop, wait: Wait | None = None) -> Process:
    waits = wait or polls("pipe:[1]")
    runs = msgspec.structs.replace(thread(10, waits, stack=POLL), loop=loop)
    return msgspec.structs.replace(process(10, runs), tasks=tasks)


def task(address: int, kind: AwaitKind | None, **more: object) -> AioTask:
    return AioTask(
        address=address,
        loop=LOOP,
        name=f"Task-{address}",
        frames=frames("wait ~asyncio/locks.py:1", f"job{address} app.py:{address}"),
        kind=kind,
        **more,  # type: ignore[arg-type]
    )


IDLE = Loop(address=LOOP, ready=0, timers=0)
OWN_PIPE = (pipe("pipe:[1]", writers=[10], readers=[10]),)


class TestUnresolvedAwaitable:
    def test_the_task_that_others_wait_for_is_named(self) -> None:
        tasks = (task(1, AwaitKind.TASKS, tasks=(2,)), task(2, AwaitKind.FUTURE))
        (found,) = findings(case(loop_process(*tasks, loop=IDLE), channels=OWN_PIPE))
        assert found.rule == "unresolved-awaitable"
        assert found.confidence is Confidence.PROVEN
        assert found.primary.function == "job2"
        assert "Task-2" in found.chain[0].text
        assert "Task-1" in found.chain[1].text

    def test_idle_consumers_are_not_blamed_for_what_others_wait_for(self) -> None:
        tasks = (task(1, AwaitKind.QUEUE_GET), task(2, AwaitKind.QUEUE_JOIN))
        (found,) = findings(case(loop_process(*tasks, loop=IDLE), channels=OWN_PIPE))
        assert found.primary.function == "job2"

    def test_a_circle_of_locks_goes_before_any_other_wait(self) -> None:
        tasks = (
            task(1, AwaitKind.EVENT),
            task(2, AwaitKind.LOCK, object=0xA, holds=(0xB,)),
            task(3, AwaitKind.LOCK, object=0xB, holds=(0xA,)),
        )
        (found,) = findings(case(loop_process(*tasks, loop=IDLE), channels=OWN_PIPE))
        assert "2 tasks" in found.title
        assert found.primary.function in ("job2", "job3")

    def test_a_timer_keeps_a_loop_alive(self) -> None:
        waits = msgspec.structs.replace(polls("pipe:[1]"), timed=True)
        loop = Loop(address=LOOP, ready=0, timers=1, next_deadline_s=1e9)
        seen = loop_process(task(1, AwaitKind.FUTURE), loop=loop, wait=waits)
        assert not findings(case(seen, channels=OWN_PIPE))

    def test_a_loop_without_tasks_is_parked(self) -> None:
        seen = case(loop_process(loop=IDLE), channels=OWN_PIPE)
        assert not findings(seen)
        assert "nothing but a signal" in (parked_words(seen) or "")

    def test_a_single_task_that_waits_for_an_event_may_be_meant(self) -> None:
        seen = loop_process(task(1, AwaitKind.EVENT), loop=IDLE)
        (found,) = findings(case(seen, channels=OWN_PIPE))
        assert (found.severity, found.confidence) == (Severity.WARNING, Confidence.POSSIBLE)


class TestTasksInACircle:
    """In a loop that lives: a timer is set."""

    LIVE = Loop(address=LOOP, ready=0, timers=1, next_deadline_s=100.2)
    WAITS = msgspec.structs.replace(polls("pipe:[1]"), timed=True)
    ABBA = (
        task(2, AwaitKind.LOCK, object=0xA, holds=(0xB,)),
        task(3, AwaitKind.LOCK, object=0xB, holds=(0xA,)),
    )

    def seen(self, *tasks: AioTask, then: tuple[AioTask, ...] | None = None) -> Case:
        first, second = (
            loop_process(*each, loop=self.LIVE, wait=self.WAITS) for each in (tasks, then or tasks)
        )
        return Case(
            snapshot(first, channels=OWN_PIPE),
            snapshot(second, channels=OWN_PIPE, at_s=101.0),
            HOST,
        )

    def test_locks_in_opposite_order_are_likely(self) -> None:
        (found,) = findings(self.seen(*self.ABBA, task(4, AwaitKind.SLEEP)))
        assert (found.rule, found.confidence) == ("unresolved-awaitable", Confidence.LIKELY)
        assert found.severity is Severity.ERROR
        assert {found.primary.function, found.related[0].function} == {"job2", "job3"}

    def test_a_lock_that_a_task_holds_itself(self) -> None:
        (found,) = findings(self.seen(task(2, AwaitKind.LOCK, object=0xA, holds=(0xA,))))
        assert "itself" in found.title

    def test_who_waits_for_somebody_outside_is_left_in_peace(self) -> None:
        chain = (
            task(2, AwaitKind.LOCK, object=0xA),
            task(3, AwaitKind.SLEEP, holds=(0xA,)),
            task(4, AwaitKind.TASKS, tasks=(2, 3)),
            task(5, AwaitKind.EVENT),
        )
        assert not findings(self.seen(*chain))

    def test_a_circle_that_was_gone_in_the_second_look_was_none(self) -> None:
        one, other = self.ABBA
        assert not findings(self.seen(*self.ABBA, then=(one,)))
        moved = msgspec.structs.replace(other, holds=(), kind=AwaitKind.SLEEP, object=None)
        assert not findings(self.seen(*self.ABBA, then=(one, moved)))
        renamed = msgspec.structs.replace(other, name="Task-77")
        assert not findings(self.seen(*self.ABBA, then=(one, renamed)))

    def test_semaphores_may_be_released_by_anybody(self) -> None:
        pair = tuple(msgspec.structs.replace(t, kind=AwaitKind.SEMAPHORE) for t in self.ABBA)
        assert not findings(self.seen(*pair))

    def test_a_time_out_of_its_own_ends_it(self) -> None:
        one, other = self.ABBA
        timed = msgspec.structs.replace(one, frames=(*one.frames, *frames("wait_for ~a.py:1")))
        assert not findings(self.seen(timed, other))

    def test_a_time_out_nearby_may_end_it(self) -> None:
        waiting = task(9, AwaitKind.FUTURE)
        nearby = msgspec.structs.replace(waiting, frames=frames("wait_for ~asyncio/tasks.py:1"))
        (found,) = findings(self.seen(*self.ABBA, nearby))
        assert (found.severity, found.confidence) == (Severity.WARNING, Confidence.POSSIBLE)


class TestEventLoopBlocked:
    BUSY = Loop(address=LOOP, ready=0, timers=1, next_deadline_s=0.1, callback=0x55, task=1)
    TASKS = (task(1, None), task(2, AwaitKind.SLEEP))

    def test_a_call_that_sleeps_is_named_while_others_wait(self) -> None:
        seen = look(loop_process(*self.TASKS, loop=self.BUSY, wait=SLEEPING))
        (found,) = findings(seen)
        assert found.rule == "event-loop-blocked"
        assert found.confidence is Confidence.LIKELY

    def test_a_computation_is_named_by_a_timer_that_is_overdue(self) -> None:
        seen = loop_process(*self.TASKS, loop=self.BUSY, wait=RUNNING)
        (found,) = findings(look(seen, ticks=90))
        assert found.rule == "event-loop-blocked"
        assert "0.9 s" in found.title

    def test_a_loop_that_goes_round_is_left_in_peace(self) -> None:
        first = loop_process(*self.TASKS, loop=self.BUSY, wait=RUNNING)
        moved = msgspec.structs.replace(self.BUSY, next_deadline_s=0.6)
        again = later(loop_process(*self.TASKS, loop=moved, wait=RUNNING), ticks=90)
        assert not findings(Case(snapshot(first), snapshot(*again, at_s=101.0), HOST))

    def test_a_callback_that_keeps_nobody_waiting_is_no_trouble(self) -> None:
        alone = Loop(address=LOOP, ready=0, timers=0, callback=0x55, task=1)
        assert not findings(look(loop_process(task(1, None), loop=alone, wait=SLEEPING)))


class TestHalted:
    def test_a_tracer_that_holds_a_process_is_named(self) -> None:
        held = process(10, thread(10, Wait(kind=WaitKind.TRACED), state="t"))
        seen = look(msgspec.structs.replace(held, traced_by=77))
        (found,) = findings(seen)
        assert (found.rule, found.severity) == ("traced-process", Severity.WARNING)
        assert "77" in found.title

    def test_a_device_that_does_not_answer_is_named(self) -> None:
        waits = Wait(kind=WaitKind.DISK, syscall="fsync")
        (found,) = findings(look(process(10, thread(10, waits, stack=PARSE))))
        assert (found.rule, found.severity) == ("disk-wait", Severity.WARNING)
        assert "fsync" in found.title

    def test_a_device_that_answers_now_and_then_is_only_slow(self) -> None:
        waits = Wait(kind=WaitKind.DISK, syscall="fsync")
        first, second = (process(10, thread(10, waits, switches=n)) for n in (5, 9))
        assert not findings(Case(snapshot(first), snapshot(second, at_s=101.0), HOST))
