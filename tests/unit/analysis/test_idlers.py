"""Who only looks around, now and then, hides no hang; nor does it make one of an idle program."""

import msgspec
import pytest

from diag.analysis.causes import CauseKind
from diag.analysis.parked import parked_words
from diag.model.ids import ThreadId
from diag.model.lock import Candidate, LockKind
from diag.model.thread import Polling
from diag.rules import nobody_can_act
from tests.unit import world
from tests.unit.world import case, frames, lock_wait, process, thread

OWN = frames("update app.py:3")
GET = frames("wait ~threading.py:320", "get ~queue.py:171", "consume app.py:7")
PUT = frames("wait ~threading.py:320", "put ~queue.py:140", "produce app.py:9")
RESULT = frames("wait ~threading.py:320", "result ~concurrent/futures/_base.py:451", "ask app.py:8")
ENDLESS = Polling(line=1)
FLAG = Polling(line=1, condition="not stop")
ALIVE = Polling(line=1, condition="t.is_alive()", for_work=True)
DONE = Polling(line=1, condition="not f.done()", for_work=True, for_result=True)
MAIN, WORKER, BEAT = (ThreadId(10, tid) for tid in (10, 11, 12))


def pauses(tid, polling):
    return thread(tid, world.SLEEPING, stack=OWN, polling=polling, switches=7)


def beside(polling, wait=None, stack=PUT, *, signals=0b10, entering=False, more=()):
    """A worker that waits beside a main thread that looks around."""
    worker = thread(11, wait or lock_wait(), stack=stack, entering=entering)
    return case(process(10, pauses(10, polling), worker, *more, signals=signals))


@pytest.mark.parametrize("polling", [ENDLESS, FLAG, ALIVE, DONE])
def test_a_full_queue_is_found_beside_a_main_thread_that_looks_around(polling):
    found = beside(polling)
    (cause,) = found.causes
    assert (cause.kind, cause.proven) == (CauseKind.NOBODY_CAN_ACT, False)
    assert cause.threads[0] == WORKER
    (finding,) = nobody_can_act.RULE.judge(found)
    assert any("not proven" in fact.text and "line 1" in fact.text for fact in finding.evidence)
    assert "as its source reads" in finding.explanation


def test_it_is_not_found_beside_whoever_does_more():
    assert beside(None).causes == ()
    assert beside(ENDLESS, more=(thread(12, world.SLEEPING, stack=OWN),)).causes == ()
    assert beside(ALIVE, more=(thread(12, world.SLEEPING, stack=OWN),)).causes == ()


@pytest.mark.parametrize("polling", [ENDLESS, FLAG, ALIVE])
def test_who_waits_for_work_is_left_in_peace(polling):
    assert beside(polling, stack=GET).causes == ()


def test_a_handler_may_change_what_is_looked_at():
    sigterm = 1 << 14
    assert beside(ALIVE, stack=GET, signals=sigterm).causes == ()
    assert beside(DONE, stack=GET, signals=sigterm).causes != ()


@pytest.mark.parametrize(("entering", "found"), [(True, 1), (False, 0)])
def test_a_lock_that_may_be_a_signal_waits_for_the_main_thread(entering, found):
    assert len(beside(ENDLESS, stack=OWN, entering=entering).causes) == found


def test_a_result_may_be_there_for_the_end_of_the_program():
    assert beside(ENDLESS, stack=RESULT).causes == ()


def test_a_heartbeat_sets_no_result():
    main = thread(10, lock_wait(), stack=RESULT)
    (cause,) = case(process(10, main, pauses(12, ENDLESS))).causes
    assert (cause.threads, cause.proven) == ((MAIN,), False)
    assert case(process(10, main, pauses(12, None))).causes == ()


def test_an_owner_in_a_loop_without_an_end_gives_nothing_back():
    def owned(polling):
        main = thread(10, lock_wait(LockKind.RLOCK, owner=12 * 16), stack=OWN, entering=True)
        return case(process(10, main, pauses(12, polling))).causes

    (cause,) = owned(ENDLESS)
    assert (cause.kind, cause.proven) == (CauseKind.NOBODY_CAN_ACT, False)
    assert owned(FLAG) == ()
    assert owned(None) == ()


def test_where_who_seems_to_hold_it_idles_anybody_else_may_release():
    held = lock_wait(candidates=(Candidate(10 * 16, "gate", "main", "app.py", 2),))
    timer = thread(12, world.SLEEPING, stack=OWN)
    assert beside(ENDLESS, held, OWN, entering=True, more=(timer,)).causes == ()
    assert beside(ENDLESS, held, OWN, entering=True).causes != ()


def test_who_uses_the_time_does_not_pause():
    def after(ticks):
        first = process(10, pauses(10, ENDLESS), thread(11, lock_wait(), stack=PUT))
        busy = msgspec.structs.replace(first.threads[0], user_ticks=ticks, read_at_s=1.0)
        second = msgspec.structs.replace(first, threads=(busy, first.threads[1]))
        return case(first, second=world.snapshot(second, at_s=101.0)).causes

    assert after(2) != ()
    assert after(60) == ()


def test_a_main_thread_that_looks_at_a_flag_is_said_to_be_parked():
    words = parked_words(case(process(10, pauses(10, FLAG))))
    assert words is not None
    assert "looks again and again at `not stop`, and nothing but a signal" in words
    assert parked_words(case(process(10, pauses(10, ENDLESS)))) is None
    live = thread(11, world.SLEEPING, stack=OWN)
    assert parked_words(case(process(10, pauses(10, FLAG), live))) is None
