"""Who hangs: the innermost process of pytest, and only if nothing of the program can help."""

import signal

from diag.model.recording import Header, Recording
from diag.model.report import Report
from diag.pipeline import judge
from diag.pytest_monitor.board import BETWEEN, CALL, State
from diag.pytest_monitor.suspects import (
    about,
    beneath,
    hung,
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
USR1 = 1 << signal.SIGUSR1 - 1
TEST = State(pid=10, number=7, phase=CALL, name="test_it.py::test_it")


def judged(*processes, boards, channels=()) -> Report:
    looks = tuple(snapshot(*processes, channels=channels, at_s=at_s) for at_s in (1.0, 2.0))
    header = Header(format=1, diag_version="0", host=HOST, started_at_unix_s=0.0)
    return judge(without_own_parts(Recording(header=header, snapshots=looks), boards))


def test_a_test_that_waits_for_a_lock_of_nobody_hangs() -> None:
    report = judged(process(10, thread(10, lock_wait(), stack=LOCKING)), boards={10: TEST})
    ((pid, proofs),) = hung(report, {10: TEST}).items()
    assert pid == 10
    assert about(report, proofs).headline == proofs[0].title
    assert hung(report, {}) == {}


def test_a_handler_of_the_program_may_help_one_of_pytest_not() -> None:
    main = process(10, thread(10, lock_wait(), stack=LOCKING), signals=USR1)
    ours = {10: TEST._replace(harmless=USR1)}
    assert hung(judged(main, boards=ours), ours)
    assert not hung(judged(main, boards={10: TEST}), {10: TEST})


def test_a_child_has_inherited_handlers_by_fork_only() -> None:
    ours = {10: TEST._replace(harmless=USR1)}
    parent = process(10, thread(10, waits_for_child(11)), signals=USR1)
    for forked in (True, False):
        child = process(
            11, thread(11, lock_wait(), stack=LOCKING), parent=10, signals=USR1, forked=forked
        )
        report = judged(parent, child, boards=ours)
        assert bool(hung(report, ours)) is forked
    later = process(11, thread(11, lock_wait(), stack=LOCKING), parent=10, signals=2, forked=True)
    ours = {10: TEST._replace(harmless=0b10 | USR1)}
    assert hung(judged(parent, later, boards=ours), ours)


def test_a_main_thread_is_parked_between_tests_only() -> None:
    main = process(10, thread(10, lock_wait(), stack=PARKED))
    for phase, hangs in ((CALL, True), (BETWEEN, False)):
        boards = {10: TEST._replace(phase=phase)}
        assert bool(hung(judged(main, boards=boards), boards)) is hangs
    child = process(11, thread(11, SLEEPING), parent=10)
    assert not hung(judged(main, child, boards={10: TEST}), {10: TEST})


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
        report = judged(controller, worker, boards={10: state}, channels=channels)
        assert bool(hung(report, {10: state})) is hangs


def test_the_innermost_process_of_pytest_is_the_one() -> None:
    outer = process(10, thread(10, waits_for_child(11)))
    inner = process(11, thread(11, waits_for_child(12)), parent=10)
    child = process(12, thread(12, lock_wait(), stack=LOCKING), parent=11, forked=True)
    boards = {10: TEST, 11: TEST._replace(pid=11)}
    report = judged(outer, inner, child, boards=boards)
    assert list(hung(report, boards)) == [11]
    assert [process.pid for process in beneath(report, 11, boards)] == [12]
    assert [process_id.pid for process_id in stuck_beneath(report, 11, boards)] == [12]
    assert beneath(report, 10, boards) == ()
