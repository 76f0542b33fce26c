"""Each rule finds its own kind of knot, names the guilty, and says how sure it is."""

import msgspec
import pytest

from diag.model.channel import Channel, ChannelKind
from diag.model.finding import Confidence, Severity
from diag.model.lock import Lock, LockKind, ParentCopy, Semaphore
from diag.model.wait import Futex, Wait, WaitKind
from diag.rules.registry import RULES
from tests.unit import world
from tests.unit.world import (
    RUNNING,
    case,
    frames,
    lock_wait,
    pipe,
    process,
    reads,
    snapshot,
    thread,
    waits_for_child,
    writes,
)

RLOCK, BUFFER, JOIN = LockKind.RLOCK, LockKind.BUFFER, LockKind.JOIN
LOGGING = frames(
    "emit ~logging/__init__.py:1110", "info ~logging/__init__.py:1489", "handle_order orders.py:41"
)
WORKING = frames("work orders.py:41")
WAITING = frames("poll ~multiprocessing/popen_fork.py:27", "main main.py:26")


def findings(seen):
    return [finding for rule in RULES for finding in rule.judge(seen)]


def only(seen):
    (found,) = findings(seen)
    return found


def forked_pool(*, workers=1, **lock):
    stuck = [
        process(20 + n, thread(20 + n, lock_wait(**lock), stack=LOGGING), parent=10, forked=True)
        for n in range(workers)
    ]
    parent = process(
        10,
        thread(10, waits_for_child(20), stack=WAITING),
        thread(11, world.SLEEPING, stack=frames("chat main.py:9"), name="chatter"),
    )
    return parent, *stuck


class TestOrphanedLock:
    def test_a_plain_lock_is_compared_with_that_of_the_parent(self):
        copies = {
            "is inside a `with`": ParentCopy(pid=10, locked=True, holder_ident=11 * 16),
            "is locked, too": ParentCopy(pid=10, locked=True),
            "is free": ParentCopy(pid=10, locked=False),
            "something else": ParentCopy(pid=10),
        }
        for words, copy in copies.items():
            parent, worker = forked_pool(parent_copy=copy)
            stuck = msgspec.structs.replace(
                worker.threads[0], stack=world.thread(1, RUNNING, stack=WORKING).stack
            )
            worker = msgspec.structs.replace(worker, threads=(stuck,))
            found = only(case(parent, worker))
            told = "\n".join("\n".join(link.details) for link in found.chain)
            assert words in told
            assert ('thread "chatter"' in told) is (copy.holder_ident is not None)

    @pytest.mark.parametrize(
        ("copy", "rule", "confidence"),
        [
            (ParentCopy(pid=10, locked=True), "orphaned-lock", Confidence.PROVEN),
            (ParentCopy(pid=10, locked=False), "orphaned-lock", Confidence.LIKELY),
            (ParentCopy(pid=10), "self-deadlock", Confidence.PROVEN),
        ],
    )
    def test_a_lock_that_the_parent_has_given_back_was_likely_captured(
        self, copy: ParentCopy, rule: str, confidence: Confidence
    ):
        parent, worker = forked_pool(parent_copy=copy)
        stack = frames("handle_order shop.py:9")
        stuck = msgspec.structs.replace(
            worker.threads[0], stack=thread(1, RUNNING, stack=stack).stack
        )
        found = only(case(parent, msgspec.structs.replace(worker, threads=(stuck,))))
        assert (found.rule, found.confidence) == (rule, confidence)

    def test_it_names_the_lock_the_worker_and_the_thread_of_the_parent(self):
        found = only(case(*forked_pool(kind=BUFFER, owner=11 * 16, type_name="_io.BufferedWriter")))
        assert (found.rule, found.severity) == ("orphaned-lock", Severity.ERROR)
        assert found.confidence is Confidence.PROVEN
        assert (found.primary.pid, found.primary.function) == (20, "handle_order")
        told = "\n".join(link.text + "\n" + "\n".join(link.details) for link in found.chain)
        assert "_io.BufferedWriter" in told
        assert 'thread "chatter" of parent 10' in told
        assert "QueueHandler" in found.advice

    def test_workers_stuck_in_the_same_way_are_one_finding(self):
        found = only(case(*forked_pool(workers=3, kind=BUFFER, owner=11 * 16)))
        assert "3 of 3" in found.title
        assert {place.pid for place in found.related} >= {21, 22}

    def test_a_plain_lock_is_an_orphan_where_the_only_thread_of_a_fork_waits_for_it(self):
        found = only(case(*forked_pool(kind=LockKind.LOCK)))
        assert found.rule == "orphaned-lock"
        assert found.confidence is Confidence.PROVEN

    def test_an_owner_of_the_parent_that_has_ended_is_said_to_have_ended(self):
        found = only(case(*forked_pool(kind=RLOCK, owner=0xDEAD0)))
        assert "has ended since" in "\n".join(found.chain[0].details)

    def test_a_reused_id_is_no_orphan_and_no_owner_is_named_for_sure(self):
        child = process(
            20,
            thread(20, lock_wait(RLOCK, owner=21 * 16), stack=LOGGING),
            thread(21, reads("pipe:[1]"), stack=WAITING, name="newer"),
            parent=10,
            forked=True,
        )
        parent = process(10, thread(10, waits_for_child(20), stack=WAITING))
        seen = case(parent, child, channels=[pipe("pipe:[1]", writers=[20])])
        assert "orphaned-lock" not in {found.rule for found in findings(seen)}
        told = "".join(d for f in findings(seen) for link in f.chain for d in link.details)
        assert "or a thread of the parent" in told

    def test_the_parent_is_found_outside_the_tree_too(self):
        child = forked_pool(kind=BUFFER, owner=11 * 16)[1]
        parent = forked_pool(kind=BUFFER, owner=11 * 16)[0]
        found = only(case(child, context=(parent,)))
        assert 'thread "chatter" of parent 10' in "".join(found.chain[0].details)

    def test_an_owner_that_ended_without_a_fork_abandoned_the_lock(self):
        found = only(case(process(10, thread(10, lock_wait(RLOCK, owner=0xDEAD), stack=LOGGING))))
        assert found.rule == "orphaned-lock"
        assert "has ended without releasing it" in "".join(found.chain[0].details)


class TestLockCycle:
    def test_two_threads_that_own_what_the_other_wants(self):
        seen = case(
            process(
                10,
                thread(10, world.SLEEPING, stack=frames("serve app.py:1")),
                thread(11, lock_wait(RLOCK, owner=12 * 16), stack=frames("debit app.py:5")),
                thread(12, lock_wait(RLOCK, owner=11 * 16), stack=frames("credit app.py:9")),
            )
        )
        found = only(seen)
        assert (found.rule, found.confidence) == ("lock-cycle", Confidence.PROVEN)
        named = {found.primary.function, *(place.function for place in found.related)}
        assert named == {"debit", "credit"}

    def test_a_join_is_a_link_of_a_circle(self):
        seen = case(
            process(
                10,
                thread(10, lock_wait(JOIN, owner=11 * 16), stack=frames("stop app.py:5")),
                thread(11, lock_wait(RLOCK, owner=10 * 16), stack=frames("work app.py:9")),
            )
        )
        assert only(seen).rule == "lock-cycle"

    def test_file_locks_are_links_of_a_circle(self):
        def flock(holder):
            return Wait(kind=WaitKind.FILE_LOCK, syscall="flock", holders=(holder,))

        seen = case(
            process(10, thread(10, flock(20), stack=frames("update app.py:5"))),
            process(20, thread(20, flock(10), stack=frames("update app.py:5")), parent=10),
        )
        assert only(seen).rule == "lock-cycle"

    def test_those_who_wait_behind_the_circle_are_victims(self):
        seen = case(
            process(
                10,
                thread(10, lock_wait(RLOCK, owner=11 * 16), stack=frames("late app.py:2")),
                thread(11, lock_wait(RLOCK, owner=12 * 16), stack=frames("debit app.py:5")),
                thread(12, lock_wait(RLOCK, owner=11 * 16), stack=frames("credit app.py:9")),
            )
        )
        found = only(seen)
        assert found.primary.function in ("debit", "credit")
        assert [link.waiter.function for link in found.chain if link.waiter][-1] == "late"


class TestSelfDeadlock:
    def test_the_only_thread_takes_its_lock_twice(self):
        found = only(case(process(10, thread(10, lock_wait(), stack=frames("again app.py:3")))))
        assert (found.rule, found.confidence) == ("self-deadlock", Confidence.PROVEN)
        assert found.primary.function == "again"

    def test_a_second_thread_that_runs_may_release_it(self):
        stuck = thread(10, lock_wait(), stack=frames("again app.py:3"))
        assert findings(case(process(10, stuck, thread(11, world.SLEEPING)))) == []


class TestPipeChildCycle:
    CHANNEL = pipe("pipe:[1]", writers=[20], readers=[10])

    def test_a_parent_that_waits_without_reading_is_the_guilty_one(self):
        parent = process(10, thread(10, waits_for_child(20), stack=frames("build app.py:8")))
        child = process(
            20, thread(20, writes("pipe:[1]"), stack=frames("report tool.py:2")), parent=10
        )
        found = only(case(parent, child, channels=[self.CHANNEL]))
        assert (found.rule, found.confidence) == ("pipe-child-cycle", Confidence.PROVEN)
        assert found.primary.function == "build"

    def pool_with_a_full_pipe(self, manager_waits):
        """A parent writes into a pipe that its own manager thread reads; a worker has it, too."""
        parent = process(
            10,
            thread(10, writes("pipe:[1]"), stack=frames("feed app.py:8")),
            thread(11, manager_waits, stack=frames("run ~concurrent/futures/process.py:3")),
        )
        orders = pipe("pipe:[2]", writers=[10, 20], readers=[20])
        wake_ups = pipe("pipe:[1]", writers=[10, 20], readers=[10, 20])
        worker = process(20, thread(20, reads("pipe:[2]")), parent=10, forked=True)
        return only(case(parent, worker, channels=[wake_ups, orders]))

    def test_a_writer_that_bars_its_own_reader_with_a_lock_is_no_matter_of_parent_and_child(self):
        found = self.pool_with_a_full_pipe(lock_wait(owner=10 * 16))
        assert (found.rule, found.confidence) == ("nobody-can-act", Confidence.PROVEN)
        assert found.primary.function == "feed"

    def test_a_thread_that_joins_the_writer_is_not_barred_from_reading(self):
        found = self.pool_with_a_full_pipe(lock_wait(JOIN, owner=10 * 16))
        assert found.rule == "pipe-child-cycle"

    def test_a_parent_that_still_reads_is_slow_not_hung(self):
        parent = process(10, thread(10, world.RUNNING, stack=frames("build app.py:8")))
        child = process(20, thread(20, writes("pipe:[1]")), parent=10)
        assert findings(case(parent, child, channels=[self.CHANNEL])) == []


class TestDeadHolder:
    def wait(self, **more):
        semaphore = Semaphore(key="k", value=0, max_value=1, mapped_by=(10,), **more)
        lock = Lock(kind=LockKind.SEMAPHORE, address=1, semaphore=semaphore)
        futex = Futex(address=1, operation=0x109, value=0)
        return Wait(kind=WaitKind.SHARED_LOCK, syscall="futex", futex=futex, lock=lock)

    def test_nobody_who_shares_the_lock_holds_it(self):
        seen = case(process(10, thread(10, self.wait(), stack=frames("work app.py:3"))))
        assert only(seen).rule == "dead-holder"

    def test_a_sharer_that_could_not_be_read_may_hold_it(self):
        seen = case(process(10, thread(10, self.wait(unread=(7,)), stack=frames("work app.py:3"))))
        assert "dead-holder" not in {found.rule for found in findings(seen)}


class TestStoppedProcess:
    def tree(self, *, switches=5, **more):
        stopped = thread(20, world.STOPPED, switches=switches, stack=frames("work app.py:3"))
        parent = process(10, thread(10, waits_for_child(20), stack=WAITING))
        return parent, process(20, stopped, parent=10)

    def test_it_is_found_with_those_who_wait_for_it(self):
        found = only(case(*self.tree()))
        assert (found.rule, found.primary.pid) == ("stopped-process", 20)
        assert [place.pid for place in found.related] == [10]

    def test_a_process_stopped_and_continued_in_turn_is_left_alone(self):
        assert findings(case(*self.tree(), second=snapshot(*self.tree(switches=6)))) == []

    @pytest.mark.parametrize(("at", "severity"), [("tty:1", "info"), ("pipe:[1]", "error")])
    def test_a_stopped_job_of_a_shell_at_its_prompt_is_a_note(self, at, severity):
        terminal = Channel(id="tty:1", kind=ChannelKind.TERMINAL, outside="terminal /dev/pts/0")
        below = process(30, thread(30, world.STOPPED), parent=20)
        job = process(20, thread(20, world.STOPPED), parent=10)
        shell = process(10, thread(10, reads(at)))
        outside = pipe("pipe:[1]", writers=[99], readers=[10])
        found = findings(case(shell, job, below, channels=[terminal, outside]))
        assert {(each.rule, each.severity) for each in found} == {("stopped-process", severity)}


class TestNobodyCanAct:
    def test_a_reader_that_holds_the_write_end_itself(self):
        seen = case(
            process(10, thread(10, reads("pipe:[1]"), stack=frames("collect app.py:3"))),
            channels=[pipe("pipe:[1]", writers=[10], readers=[10])],
        )
        found = only(seen)
        assert (found.rule, found.confidence) == ("nobody-can-act", Confidence.PROVEN)
        assert "write end" in found.advice

    def test_the_thread_that_runs_user_code_comes_before_an_idle_one(self):
        idle = frames("_worker ~concurrent/futures/thread.py:81", "run ~threading.py:1")
        inner = frames(
            "wait ~threading.py:1",
            "result ~concurrent/futures/_base.py:1",
            "task app.py:3",
            "run ~concurrent/futures/thread.py:58",
        )
        main = frames(
            "wait ~threading.py:1", "result ~concurrent/futures/_base.py:1", "main app.py:9"
        )
        seen = case(
            process(
                10,
                thread(10, lock_wait(), stack=main),
                thread(11, lock_wait(LockKind.SIMPLE_QUEUE), stack=idle),
                thread(12, lock_wait(), stack=inner),
            )
        )
        found = only(seen)
        assert found.rule == "nobody-can-act"
        assert {found.primary.function, found.related[0].function} == {"main", "task"}


BLURRED = msgspec.structs.replace(
    pipe("pipe:[1]", writers=[10], readers=[10]),
    uncertain="3 processes of other users were not readable",
)


def test_a_suspicion_is_not_called_proven():
    found = only(case(process(10, thread(10, writes("pipe:[1]"))), channels=[BLURRED]))
    assert found.confidence is Confidence.LIKELY
    assert any("3 processes" in fact.text for fact in found.evidence)


def test_without_a_proof_who_waits_as_idle_programs_do_is_idle():
    assert findings(case(process(10, thread(10, reads("pipe:[1]"))), channels=[BLURRED])) == []
