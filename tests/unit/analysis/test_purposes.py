"""Objects in words."""

import msgspec
import pytest

from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.purposes import purpose_of
from diag.analysis.words import describe_wait
from diag.model.lock import Lock, LockKind, Semaphore
from diag.model.subject import Subject, SubjectKind, Task
from diag.model.wait import Futex, Wait, WaitKind
from tests.unit.world import frames, lock_wait, process, reads, thread

GET = frames("wait ~threading.py:1", "get ~queue.py:2", "serve shop.py:3")
ARRIVE = frames("wait ~threading.py:1", "_wait ~threading.py:2", "wait ~threading.py:3")
SHARED_GET = frames("_recv ~multiprocessing/connection.py:1", "get ~multiprocessing/queues.py:2")
IMPORT = frames("acquire <frozen importlib._bootstrap>:1", "serve shop.py:3")
RESULT = frames("wait ~threading.py:1", "result ~concurrent/futures/_base.py:2", "f shop.py:3")


def waiting(stack, wait=None, **facts):
    return msgspec.structs.replace(
        thread(10, wait or lock_wait(), stack=stack), subject=Subject(**facts)
    )


@pytest.mark.parametrize(
    ("stack", "facts", "words"),
    [
        (
            GET,
            {"kind": SubjectKind.QUEUE, "length": 0, "max_length": 5, "waiters": 3},
            "an item of a queue (it has 0 items of at most 5, 3 threads wait for it)",
        ),
        (
            GET,
            {"kind": SubjectKind.QUEUE, "names": ("self.inbox of Server",)},
            "an item of the queue self.inbox of Server",
        ),
        (
            GET,
            {"kind": SubjectKind.QUEUE, "names": ("self.a of S", "self.b of S")},
            "an item of a queue (self.a of S, also self.b of S)",
        ),
        (
            ARRIVE,
            {"kind": SubjectKind.BARRIER, "length": 1, "max_length": 3},
            "the other parties of a Barrier (1 of 3 have arrived)",
        ),
        (
            IMPORT,
            {"kind": SubjectKind.MODULE, "module": "shop.orders"},
            "the lock of module shop.orders, which is being imported",
        ),
        (
            RESULT,
            {"kind": SubjectKind.FUTURES, "tasks": (Task(future=1), Task(future=2))},
            "the result of 2 Futures",
        ),
    ],
)
def test_an_object_is_told_with_what_is_known_of_it(stack, facts, words) -> None:
    assert purpose_of(waiting(stack, **facts)) == words


def test_a_lock_has_the_name_that_the_program_gives_it() -> None:
    facts = {"kind": SubjectKind.LOCK, "address": 0x1000, "names": ("self.gate of Shop",)}
    made = waiting(frames("enter shop.py:3"), lock_wait(LockKind.RLOCK, owner=160), **facts)
    words = describe_wait(made, process(10, made), {}, with_owner=False)
    assert words == "waits for the RLock self.gate of Shop"


def test_a_queue_of_multiprocessing_is_told_before_its_pipe() -> None:
    made = waiting(SHARED_GET, reads("pipe:[5]"), kind=SubjectKind.QUEUE, shared=True, length=0)
    words = describe_wait(made, process(10, made), {})
    assert words.startswith("waits for an item of a multiprocessing Queue (it has 0 items): reads")


def test_the_lock_inside_a_queue_of_multiprocessing_is_not_taken_for_its_items() -> None:
    semaphore = Semaphore(key="k", value=0, max_value=1)
    lock = Lock(kind=LockKind.SEMAPHORE, semaphore=semaphore)
    wait = Wait(
        kind=WaitKind.SHARED_LOCK, futex=Futex(address=1, operation=0x109, value=0), lock=lock
    )
    made = waiting(SHARED_GET, wait, kind=SubjectKind.QUEUE, shared=True)
    words = describe_wait(made, process(10, made), {}, with_owner=False)
    assert words == "waits for a multiprocessing Lock inside a multiprocessing Queue"


def test_the_lock_in_a_queue_is_not_room_in_it() -> None:
    facts = {"kind": SubjectKind.LOCK, "address": 0x1000, "names": ("self.mutex of Queue",)}
    made = waiting(frames("put ~queue.py:2", "serve shop.py:3"), **facts)
    words = describe_wait(made, process(10, made), {}, with_owner=False)
    assert words == "waits for the Lock self.mutex of Queue"
    assert idiom_of(made.stack) is Idiom.LOCK
    assert idiom_of(thread(10, lock_wait(), stack=GET).stack) is Idiom.QUEUE_GET
