"""Who hangs: the innermost process of pytest, and only if nothing of the program can help."""

import signal

from msgspec.structs import replace

from diag.model.finding import Confidence
from diag.model.lock import Lock, LockKind, ParentCopy
from diag.model.recording import Header, Recording
from diag.model.report import PoolView
from diag.model.wait import Wait, WaitKind
from diag.pipeline import judge
from diag.pytest_monitor.board import BETWEEN, CALL, EXIT, TEARDOWN, State
from diag.pytest_monitor.suspects import (
    Judged,
    about,
    beneath,
    hung,
    is_alone,
    judged,
    stuck_beneath,
    without_own_parts,
)
from tests.unit.world import (
    HOST,
    SLEEPING,
    frames,
    lock_wait,
    pipe,
    process,
    reads,
    snapshot,
    thread,
    waits_for_child,
)

LOCKING = frames("test_it test_it.py:3")
PARKED = frames("Condition.wait ~threading.py:327", "Event.wait ~threading.py:629", "f t.py:1")
RECEIVER = frames("BaseGateway._thread_receiver /site/execnet/gateway_base.py:1100")
XDIST = frames("WorkerInteractor.pytest_runtestloop /site/xdist/remote.py:180")
USR1 = 1 << signal.SIGUSR1 - 1
TEST = State(pid=10, number=7, phase=CALL, name="test_it.py::test_it")


def seen(*processes, boards, channels=()) -> Judged:
    looks = tuple(snapshot(*processes, channels=channels, at_s=at_s) for at_s in (1.0, 2.0))
    header = Header(format=1, diag_version="0", host=HOST, started_at_unix_s=0.0)
    recording = without_own_parts(Recording(header=header, snapshots=looks), boards)
    return judged(judge(recording), recording)


def test_a_test_that_waits_for_a_lock_of_nobody_hangs() -> None:
    report = seen(process(10, thread(10, lock_wait(), stack=LOCKING)), boards={10: TEST})
    ((pid, proofs),) = hung(report, {10: TEST}).items()
    assert pid == 10
    assert about(report.report, proofs).headline == proofs[0].title
    assert hung(report, {}) == {}


def test_a_handler_of_the_program_may_help_one_of_pytest_not() -> None:
    main = process(10, thread(10, lock_wait(), stack=LOCKING), signals=USR1)
    ours = {10: TEST._replace(harmless=USR1)}
    assert hung(seen(main, boards=ours), ours)
    assert not hung(seen(main, boards={10: TEST}), {10: TEST})


def test_a_child_has_inherited_handlers_by_fork_only() -> None:
    ours = {10: TEST._replace(harmless=USR1)}
    parent = process(10, thread(10, waits_for_child(11)), signals=USR1)
    for forked in (True, False):
        child = process(
            11, thread(11, lock_wait(), stack=LOCKING), parent=10, signals=USR1, forked=forked
        )
        report = seen(parent, child, boards=ours)
        assert bool(hung(report, ours)) is forked
    later = process(11, thread(11, lock_wait(), stack=LOCKING), parent=10, signals=2, forked=True)
    ours = {10: TEST._replace(harmless=0b10 | USR1)}
    assert hung(seen(parent, later, boards=ours), ours)


def test_a_main_thread_is_parked_between_tests_only() -> None:
    main = process(10, thread(10, lock_wait(), stack=PARKED))
    for phase, hangs in ((CALL, True), (BETWEEN, False)):
        boards = {10: TEST._replace(phase=phase)}
        assert bool(hung(seen(main, boards=boards), boards)) is hangs
    child = process(11, thread(11, SLEEPING), parent=10)
    assert not hung(seen(main, child, boards={10: TEST}), {10: TEST})
    worker = process(10, thread(10, lock_wait(), stack=(*PARKED, *XDIST)), parent=9)
    assert hung(seen(worker, boards={10: TEST}), {10: TEST})
    assert not hung(seen(worker, child, boards={10: TEST}), {10: TEST})


def test_the_receiver_of_execnet_does_not_help_a_test() -> None:
    controller = process(9, thread(9, SLEEPING))
    worker = process(
        10,
        thread(10, lock_wait(), stack=LOCKING),
        thread(11, reads("pipe"), stack=RECEIVER),
        parent=9,
    )
    channels = (pipe("pipe", writers=[9], readers=[10]),)
    for state, hangs in (
        (TEST._replace(is_worker=True), True),
        (TEST, False),
        (TEST._replace(is_worker=True, phase=BETWEEN), False),
    ):
        report = seen(controller, worker, boards={10: state}, channels=channels)
        assert bool(hung(report, {10: state})) is hangs


def test_the_innermost_process_of_pytest_is_the_one() -> None:
    outer = process(10, thread(10, waits_for_child(11)))
    inner = process(11, thread(11, waits_for_child(12)), parent=10)
    child = process(12, thread(12, lock_wait(), stack=LOCKING), parent=11, forked=True)
    boards = {10: TEST, 11: TEST._replace(pid=11)}
    report = seen(outer, inner, child, boards=boards)
    assert list(hung(report, boards)) == [11]
    assert [process.pid for process in beneath(report.report, 11, boards)] == [12]
    assert [process.pid for process in stuck_beneath(report, 11, boards)] == [12]
    assert beneath(report.report, 10, boards) == ()


def test_a_child_of_a_test_is_parked_for_the_processes_of_the_test_only() -> None:
    main = process(10, thread(10, waits_for_child(11)))
    parked = process(11, thread(11, lock_wait(), stack=PARKED), parent=10)
    live = process(12, thread(12, SLEEPING), parent=10)
    boards = {10: TEST}
    assert hung(seen(main, parked, boards=boards), boards)
    assert not hung(seen(main, parked, live, boards=boards), boards)
    between = {10: TEST._replace(phase=BETWEEN)}
    assert not hung(seen(main, parked, boards=between), between)


def test_a_test_may_wait_for_a_signal_of_its_own_processes() -> None:
    pausing = Wait(kind=WaitKind.SIGNAL, syscall="pause")
    boards = {10: TEST}
    assert hung(seen(process(10, thread(10, pausing, stack=LOCKING)), boards=boards), boards)
    sleeper = process(11, thread(11, SLEEPING), parent=10)
    for healthy in (
        (process(10, thread(10, pausing)), sleeper),
        (process(10, thread(10, pausing), thread(12, SLEEPING)),),
        (process(10, thread(10, pausing), signals=USR1),),
        (process(10, thread(10, replace(pausing, syscall="rt_sigtimedwait"))),),
    ):
        assert not hung(seen(*healthy, boards=boards), boards)
    between = {10: TEST._replace(phase=BETWEEN)}
    assert not hung(seen(process(10, thread(10, pausing)), boards=between), between)


def test_a_hang_may_be_proven_where_its_cause_is_not() -> None:
    """A lock that a fork has captured, or that the child has taken itself: it hangs anyway."""
    lock = Lock(
        kind=LockKind.LOCK, address=0x10, locked=True, parent_copy=ParentCopy(10, locked=False)
    )
    main = process(10, thread(10, waits_for_child(11)))
    child = process(
        11, thread(11, replace(lock_wait(), lock=lock), stack=LOCKING), parent=10, forked=True
    )
    found = seen(main, child, boards={10: TEST})
    ((finding,),) = hung(found, {10: TEST}).values()
    assert (finding.rule, finding.confidence) == ("orphaned-lock", Confidence.LIKELY)
    unread = replace(child, signals_caught=None)
    assert not hung(seen(main, unread, boards={10: TEST}), {10: TEST})


def test_what_outlives_the_test_is_not_ended_before_its_fixtures_are() -> None:
    main = process(10, thread(10, waits_for_child(11)))
    child = process(11, thread(11, lock_wait(), stack=LOCKING), parent=10, forked=True)
    found = seen(main, child, boards={10: TEST})
    started = child.id.start_ticks
    for since_ticks, phase, ended in (
        (started, CALL, True),
        (started + 1, CALL, False),
        (started + 1, TEARDOWN, True),
    ):
        boards = {10: TEST._replace(since_ticks=since_ticks, phase=phase)}
        assert bool(stuck_beneath(found, 10, boards)) is ended


def test_idle_workers_of_a_pool_are_spared_until_the_interpreter_ends() -> None:
    main = process(10, thread(10, waits_for_child(11)))
    child = process(11, thread(11, lock_wait(), stack=LOCKING), parent=10, forked=True)
    found = seen(main, child, boards={10: TEST})
    pool = PoolView("multiprocessing.Pool", 10, of_threads=False, idle=(11,), working=(), stuck=())
    found = found._replace(report=replace(found.report, pools=(pool,)))
    assert stuck_beneath(found, 10, {10: TEST}) == ()
    assert stuck_beneath(found, 10, {10: TEST._replace(phase=EXIT)}) != ()


def test_who_has_children_that_could_go_on_is_not_alone() -> None:
    main = process(10, thread(10, lock_wait(), stack=LOCKING))
    stuck = process(11, thread(11, lock_wait(), stack=LOCKING), parent=10, forked=True)
    live = process(12, thread(12, SLEEPING), parent=10)
    assert is_alone(seen(main, stuck, boards={10: TEST}), 10)
    assert not is_alone(seen(main, stuck, live, boards={10: TEST}), 10)
