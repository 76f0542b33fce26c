"""A loop of a library that idles is no waker; one that calls the program's code is."""

import pytest

from diag.analysis.keepers import loop_of
from diag.model.stack import Frame
from tests.unit.world import SLEEPING, case, frames, lock_wait, process, thread

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
