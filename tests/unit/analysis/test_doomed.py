"""A pool whose workers all end at once, and pools that only look like it."""

import msgspec
import pytest

from diag.analysis.case import Case
from diag.analysis.doomed import doomed_pools
from diag.model.ids import ThreadId
from diag.model.pool import Pool, PoolKind
from diag.model.subject import Subject, SubjectKind, Task
from tests.unit import samples
from tests.unit.world import HOST, lock_wait, process, snapshot, thread

FAILED, DONE, KILLED = 1 << 8, 0, 9
SERVER = ("python", "-c", "from multiprocessing.forkserver import main; main(3, 5)")


def seen(status: int = FAILED, *, generations=3, stays=False, timed=False, parent=10):
    """A pool of two; from sample to sample its workers are others."""
    wait = msgspec.structs.replace(lock_wait(), timed=timed)
    subject = Subject(kind=SubjectKind.POOL_RESULT, tasks=(Task(future=1, number=0),))
    main = msgspec.structs.replace(thread(10, wait), subject=subject)
    pool = Pool(kind=PoolKind.MULTIPROCESSING, address=1, max_workers=2, tasks=subject.tasks)
    owner = msgspec.structs.replace(process(10, main), pools=(pool,))
    server = process(50, thread(50, lock_wait()), parent=10, command=SERVER)
    root, helper = samples.counted(10), samples.counted(50, parent=10)
    taken = []
    for number in range(generations + 1):
        now = [100 + 2 * number, 101 + 2 * number]
        last = [] if not number else [pid - 2 for pid in now]
        children = [samples.counted(pid, parent=parent) for pid in now]
        lasting = [samples.counted(90, parent=parent)] if stays else []
        ended = dict.fromkeys(last, status)
        taken.append(samples.sample(number, root, helper, *lasting, *children, ended=ended))
    looks = snapshot(owner, server), snapshot(owner, server, at_s=101.0)
    return list(doomed_pools(Case(*looks, HOST, samples=tuple(taken))))


@pytest.mark.parametrize("parent", [10, 50], ids=["by the owner", "by its fork server"])
def test_workers_that_all_end_with_an_exit_code_never_get_to_a_task(parent):
    (found,) = seen(parent=parent)
    assert (found.waiter, found.ended, found.codes) == (ThreadId(10, 10), 6, (1,))


@pytest.mark.parametrize("status", [DONE, KILLED], ids=["after its share", "by a signal"])
def test_workers_that_end_otherwise_are_replaced_in_good_order(status):
    assert not seen(status)


def test_one_worker_that_stays_is_enough():
    assert not seen(stays=True)


def test_a_worker_may_fail_now_and_then():
    assert not seen(generations=2)


def test_who_waits_with_a_time_out_will_be_told():
    assert not seen(timed=True)
