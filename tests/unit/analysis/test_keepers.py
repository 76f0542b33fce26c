"""A loop of a library that idles is no waker; one that calls the program's code is."""

import msgspec
import pytest

from diag.analysis.keepers import loop_of
from diag.model.ids import ThreadId
from diag.model.stack import Frame
from diag.model.wait import Wait
from tests.unit.world import (
    SLEEPING,
    case,
    frames,
    lock_wait,
    pipe,
    polls,
    process,
    reads,
    thread,
)

WAITING = frames("wait ~threading.py:300", "wait ~threading.py:600")
SERVING = frames("serve_forever ~multiprocessing/managers.py:170")
HANDLING = frames("get ~queue.py:170", "serve_client ~multiprocessing/managers.py:250")


@pytest.mark.parametrize(
    ("stack", "idles"),
    [
        ((*WAITING, *SERVING), True),
        (SERVING, True),
        ((*WAITING, *frames("callback shop.py:9"), *SERVING), False),
        ((*WAITING, *frames("serve_forever shop.py:9")), False),
        (WAITING, False),
    ],
)
def test_only_code_of_libraries_is_further_in_than_the_loop(
    stack: tuple[Frame, ...], *, idles: bool
) -> None:
    assert (loop_of(thread(1, SLEEPING, stack=stack)) is not None) is idles


def test_a_thread_without_a_stack_may_do_anything() -> None:
    assert loop_of(thread(1, SLEEPING)) is None


@pytest.mark.parametrize(
    ("beside", "hung"), [((*WAITING, *SERVING), True), (frames("beat shop.py:9"), False)]
)
def test_who_idles_in_such_a_loop_gives_no_item(beside: tuple[Frame, ...], *, hung: bool) -> None:
    manager = process(
        10, thread(10, SLEEPING, stack=beside), thread(11, lock_wait(), stack=HANDLING)
    )
    assert bool(case(manager).liveness.proven) is hung


LOKY = frames("_process_worker ~site-packages/loky/process_executor.py:485")
POLLING = frames("select ~selectors.py:415", "poll ~multiprocessing/connection.py:250")
TAKING = frames("get ~multiprocessing/queues.py:110")
TIMED = msgspec.structs.replace(polls("pipe:[1]"), timed=True)


@pytest.mark.parametrize(
    ("stack", "wait", "idles"),
    [
        ((*POLLING, *TAKING, *LOKY), TIMED, True),
        ((*frames("loads ~pickle.py:9"), *TAKING, *LOKY), SLEEPING, False),
        ((*frames("put ~multiprocessing/queues.py:390"), *LOKY), TIMED, False),
        ((*frames("handle shop.py:9"), *LOKY), TIMED, False),
        (LOKY, TIMED, False),
    ],
    ids=["idle", "has taken one", "sends a result", "in a task", "between"],
)
def test_a_worker_of_loky_idles_only_while_it_waits_for_a_task(
    stack: tuple[Frame, ...], wait: Wait, *, idles: bool
) -> None:
    assert (loop_of(thread(1, wait, stack=stack)) is not None) is idles


RECEIVING = frames("_thread_receiver ~site-packages/execnet/gateway_base.py:1200")
TESTING = frames("pytest_runtest_protocol ~site-packages/_pytest/runner.py:110")


@pytest.mark.parametrize(("around", "hung"), [(TESTING, True), ((), False)])
def test_orders_for_a_worker_of_xdist_do_not_end_a_wait_of_its_test(
    around: tuple[Frame, ...], *, hung: bool
) -> None:
    worker = process(
        20,
        thread(20, lock_wait(), stack=(*frames("test_orders test_shop.py:3"), *around)),
        thread(21, reads("pipe:[1]"), stack=RECEIVING),
        parent=10,
    )
    controller = process(10, thread(10, SLEEPING))
    pipes = [pipe("pipe:[1]", writers=[10], readers=[20])]
    seen = case(controller, worker, channels=pipes).liveness.proven
    assert (ThreadId(20, 20) in seen) is hung
