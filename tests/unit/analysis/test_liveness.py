"""Each way in which a thread can be live must be honoured, or a healthy program is called hung."""

import msgspec
import pytest

from diag.analysis.party_words import owner_words
from diag.model.channel import Channel, ChannelKind
from diag.model.ids import ThreadId
from diag.model.lock import Lock, LockKind, Semaphore, SemaphoreHolder
from diag.model.native import Native
from diag.model.process import Gil, Interpreter
from diag.model.wait import Futex, Wait, WaitKind
from tests.unit import world
from tests.unit.world import (
    case,
    frames,
    lock_wait,
    pipe,
    polls,
    process,
    reads,
    snapshot,
    thread,
    waits_for_child,
    writes,
)

RLOCK = LockKind.RLOCK
LOCKING = frames("update app.py:3")
PARKED = frames("wait ~threading.py:300", "wait ~threading.py:600", "main app.py:9")
SIGTERM = 1 << 14


def main_of(pid):
    return ThreadId(pid, pid)


def dead(*processes, **more):
    return case(*processes, **more).liveness.proven


@pytest.mark.parametrize(
    "wait",
    [
        world.RUNNING,
        world.SLEEPING,
        world.STOPPED,
        Wait(kind=WaitKind.DISK),
        Wait(kind=WaitKind.SIGNAL, syscall="pause"),
        Wait(kind=WaitKind.TRACED),
        Wait(kind=WaitKind.CONNECT),
        Wait(kind=WaitKind.OPEN),
        Wait(kind=WaitKind.UNKNOWN, unknown="permission denied"),
        Wait(kind=WaitKind.UNKNOWN),
        Wait(kind=WaitKind.CHILD),
        Wait(kind=WaitKind.FILE_LOCK),
        Wait(kind=WaitKind.SHARED_LOCK),
        Wait(kind=WaitKind.READ),
        reads("pipe:[nobody has heard of it]"),
        msgspec.structs.replace(lock_wait(), timed=True),
        msgspec.structs.replace(lock_wait(), unknown="futex_waitv"),
    ],
)
def test_whoever_may_go_on_is_live_and_so_is_everyone_who_waits_for_its_process(wait):
    waiter = process(20, thread(20, waits_for_child(30), stack=LOCKING), parent=1)
    assert dead(waiter, process(30, thread(30, wait), parent=20)) == frozenset()


def test_a_single_thread_that_waits_for_a_private_lock_is_dead():
    assert dead(process(10, thread(10, lock_wait(), stack=LOCKING))) == {ThreadId(10, 10)}


def test_a_sibling_that_runs_may_release_a_lock_without_known_owner():
    assert not dead(process(10, thread(10, lock_wait(), stack=LOCKING), thread(11, world.SLEEPING)))


def test_a_known_owner_alone_can_release_its_rlock():
    stuck = process(
        10,
        thread(10, lock_wait(RLOCK, owner=11 * 16), stack=LOCKING),
        thread(11, lock_wait(RLOCK, owner=10 * 16), stack=LOCKING),
        thread(12, world.SLEEPING),
    )
    assert dead(stuck) == {ThreadId(10, 10), ThreadId(10, 11)}


def test_an_owner_that_runs_keeps_its_waiters_live():
    assert not dead(
        process(10, thread(10, lock_wait(RLOCK, owner=11 * 16)), thread(11, world.RUNNING))
    )


def test_an_owner_that_does_not_exist_leaves_the_waiter_dead_beside_live_threads():
    stuck = process(
        10, thread(10, lock_wait(RLOCK, owner=0xDEAD), stack=LOCKING), thread(11, world.SLEEPING)
    )
    assert dead(stuck) == {ThreadId(10, 10)}


def test_an_owner_is_not_gone_where_the_interpreter_could_not_be_read():
    unread = Interpreter(version="3.11", memory="unknown build")
    stuck = process(
        10,
        thread(10, lock_wait(RLOCK, owner=0xDEAD), stack=LOCKING),
        thread(11, world.SLEEPING),
        interpreter=unread,
    )
    assert not dead(stuck)


def test_moving_between_the_looks_is_life():
    before = process(10, thread(10, lock_wait(), stack=LOCKING))
    after = process(10, thread(10, lock_wait(), stack=LOCKING, switches=6))
    assert not dead(before, second=snapshot(after))


def test_unreadable_switch_counters_confirm_nothing():
    blind = msgspec.structs.replace(thread(10, lock_wait(), stack=LOCKING), voluntary_switches=None)
    assert not dead(process(10, blind))


def test_a_thread_that_began_between_the_looks_counts_as_a_waker():
    before = process(10, thread(10, lock_wait(), stack=LOCKING))
    parent = process(5, thread(5, waits_for_child(10), stack=LOCKING))
    after = process(10, thread(10, lock_wait(), stack=LOCKING), thread(11, lock_wait()))
    stuck = dead(parent, before, second=snapshot(parent, after))
    assert ThreadId(5, 5) not in stuck


def test_a_pid_that_was_given_to_another_process_confirms_nothing():
    before = process(10, thread(10, lock_wait(), stack=LOCKING))
    other = msgspec.structs.replace(before, id=msgspec.structs.replace(before.id, start_ticks=77))
    assert not dead(before, second=snapshot(other))


@pytest.mark.parametrize("holders", [(10,), (10, 20)])
def test_a_reader_whose_only_writers_are_dead_is_dead(holders):
    tree = (
        process(10, thread(10, reads("pipe:[1]"), stack=LOCKING)),
        process(20, thread(20, waits_for_child(10), stack=LOCKING), parent=10),
    )
    assert len(dead(*tree, channels=[pipe("pipe:[1]", writers=holders)])) == 2


def test_a_reader_with_a_writer_outside_the_tree_is_live():
    reader = process(10, thread(10, reads("pipe:[1]"), stack=LOCKING))
    assert not dead(reader, channels=[pipe("pipe:[1]", writers=[10, 4711])])


def test_a_writer_waits_for_readers_not_for_writers():
    writer = process(10, thread(10, writes("pipe:[1]"), stack=LOCKING))
    other = process(20, thread(20, world.SLEEPING), parent=10)
    channel = pipe("pipe:[1]", writers=[10, 20], readers=[10])
    assert dead(writer, other, channels=[channel]) == {ThreadId(10, 10)}


def test_a_channel_with_an_outside_party_is_live_in_either_direction():
    terminal = Channel(id="tty:1", kind=ChannelKind.TERMINAL, outside="terminal /dev/pts/0")
    assert not dead(process(10, thread(10, reads("tty:1"))), channels=[terminal])
    assert not dead(process(10, thread(10, writes("tty:1"))), channels=[terminal])


def test_only_a_server_that_multiprocessing_started_listens_for_its_program_alone():
    wait = msgspec.structs.replace(reads("unix:1"), kind=WaitKind.ACCEPT)
    listener = Channel(
        id="unix:1",
        kind=ChannelKind.SOCKET,
        name="/tmp/pymp-x/listener-y",
        outside="new connections on /tmp/pymp-x/listener-y",
    )
    served = frames("accept ~socket.py:294", "main app.py:3")
    assert not dead(process(10, thread(10, wait, stack=served)), channels=[listener])
    managed = frames("serve_forever ~managers.py", "_run_server ~multiprocessing/managers.py:600")
    manager = process(10, thread(10, lock_wait(), stack=managed), thread(11, wait, stack=served))
    assert ThreadId(10, 11) in dead(manager, channels=[listener])
    parent = process(5, thread(5, waits_for_child(10), stack=LOCKING))
    joined = msgspec.structs.replace(manager, parent_pid=5)
    assert not dead(parent, joined, channels=[listener]) & {ThreadId(5, 5), ThreadId(10, 11)}
    command = ("python", "-c", "from multiprocessing.forkserver import main; main(3, 5)")
    assert dead(process(10, thread(10, wait), command=command), channels=[listener])


def test_holders_that_could_not_be_read_weaken_the_proof_and_leave_a_suspicion():
    blurred = msgspec.structs.replace(
        pipe("pipe:[1]", writers=[10], readers=[10]),
        uncertain="3 processes of other users were not readable",
    )
    seen = case(process(10, thread(10, writes("pipe:[1]"), stack=LOCKING)), channels=[blurred])
    assert seen.liveness.proven == frozenset()
    assert seen.liveness.likely == {ThreadId(10, 10)}


class TestHandlers:
    """The main thread of a process that handles signals can act while its wait goes on."""

    def tree(self, *, signals, stack=LOCKING, wait=None):
        main = thread(10, lock_wait(LockKind.JOIN, owner=11 * 16), stack=frames("main app.py:1"))
        worker = thread(11, wait or lock_wait(), stack=stack)
        return case(process(10, main, worker, signals=signals)).liveness

    def test_without_a_handler_a_worker_without_a_producer_is_dead(self):
        consuming = frames("wait ~threading.py:327", "get ~queue.py:171", "consume app.py:4")
        assert len(self.tree(signals=0b10, stack=consuming).proven) == 2

    def test_a_handler_may_feed_a_worker_that_idles(self):
        consuming = frames("wait ~threading.py:327", "get ~queue.py:171", "consume app.py:4")
        seen = self.tree(signals=SIGTERM, stack=consuming)
        assert not seen.proven
        assert not seen.likely

    def test_a_worker_that_takes_a_lock_does_not_idle(self):
        seen = self.tree(signals=SIGTERM)
        assert (len(seen.proven), len(seen.likely)) == (0, 2)

    def test_no_handler_gives_back_a_lock_whose_owner_is_gone(self):
        assert self.tree(signals=SIGTERM, wait=lock_wait(RLOCK, owner=0xDEAD)).proven


def test_a_child_that_is_parked_may_be_ended_by_a_parent_that_lives():
    root = process(5, thread(5, world.SLEEPING))
    child = process(10, thread(10, lock_wait(), stack=PARKED), parent=5)
    assert not dead(root, child)


def test_a_program_started_through_a_shell_parks_like_a_root():
    shell = process(5, thread(5, waits_for_child(10)), interpreter=None)
    assert not dead(shell, process(10, thread(10, lock_wait(), stack=PARKED), parent=5))


def test_a_native_thread_may_release_a_lock_too():
    native = msgspec.structs.replace(thread(11, world.SLEEPING), ident=None)
    assert not dead(process(10, thread(10, lock_wait(), stack=LOCKING), native))


SLEEPER = msgspec.structs.replace(thread(11, world.SLEEPING), ident=None)
WATCHDOG = msgspec.structs.replace(SLEEPER, native=Native(role="a watchdog", harmless=True))
POOLED = msgspec.structs.replace(
    thread(11, lock_wait(LockKind.UNKNOWN)), ident=None, native=Native()
)


def test_a_thread_that_runs_no_python_releases_no_lock_of_python():
    assert not dead(process(10, thread(10, lock_wait(), stack=LOCKING), SLEEPER))
    assert dead(process(10, thread(10, lock_wait(), stack=LOCKING), WATCHDOG)) == {main_of(10)}


def test_a_thread_that_runs_no_python_may_release_what_is_not_of_python():
    native = thread(10, lock_wait(LockKind.UNKNOWN), stack=LOCKING)
    assert not dead(process(10, native, WATCHDOG))


@pytest.mark.parametrize("ends_process", [True, False])
def test_a_watchdog_helps_other_processes_only_by_ending_its_own(ends_process):
    watchdog = msgspec.structs.replace(
        WATCHDOG, native=Native(role="a watchdog", harmless=True, ends_process=ends_process)
    )
    parent = process(5, thread(5, waits_for_child(10), stack=LOCKING))
    child = process(10, thread(10, lock_wait(), stack=LOCKING), watchdog, parent=5)
    assert dead(parent, child) == ({main_of(10)} if ends_process else {main_of(5), main_of(10)})


def test_an_idle_native_thread_hides_a_hang_only_if_it_ran():
    stuck = process(10, thread(10, lock_wait(), stack=LOCKING), POOLED)
    assert main_of(10) in dead(stuck)
    assert case(stuck).causes[0].threads == (main_of(10),)
    moved = msgspec.structs.replace(POOLED, voluntary_switches=6)
    ran = process(10, thread(10, lock_wait(), stack=LOCKING), moved)
    assert not dead(stuck, second=snapshot(ran, at_s=101.0))


def test_one_live_descriptor_of_a_poll_is_enough():
    channels = [pipe("pipe:[1]", writers=[10]), pipe("pipe:[2]", writers=[4711])]
    waiting = process(10, thread(10, polls("pipe:[1]", "pipe:[2]"), stack=LOCKING))
    assert not dead(waiting, channels=channels)


def test_a_child_that_has_ended_ends_the_wait():
    parent = process(10, thread(10, waits_for_child(20), stack=LOCKING))
    assert not dead(parent, process(20, parent=10))


def test_a_handler_may_wake_the_main_thread_from_a_wait_that_nobody_else_ends():
    handled = process(10, thread(10, lock_wait(), stack=LOCKING), signals=SIGTERM | 0b10, parent=1)
    assert not dead(handled)


def test_a_handler_cannot_release_a_lock_that_only_its_owner_can():
    handled = process(
        10, thread(10, lock_wait(RLOCK, owner=0xDEAD), stack=LOCKING), signals=SIGTERM
    )
    assert dead(handled) == {ThreadId(10, 10)}


def test_faulthandler_and_glibc_signals_are_no_handlers():
    faults = sum(1 << (number - 1) for number in (2, 4, 6, 7, 8, 11, 32, 33))
    assert dead(process(10, thread(10, lock_wait(), stack=LOCKING), signals=faults))


def test_a_root_parked_on_an_event_is_live_and_keeps_its_idle_pool_live():
    idle = frames("_worker ~concurrent/futures/thread.py:80", "run ~threading.py:1")
    root = process(
        10,
        thread(10, lock_wait(), stack=PARKED),
        thread(11, lock_wait(LockKind.SIMPLE_QUEUE), stack=idle),
    )
    assert not dead(root)


class TestChildOnAnEventUnderAParentThatJoinsIt:
    def tree(self, stack=PARKED, wait=None):
        root = process(5, thread(5, waits_for_child(10), stack=LOCKING))
        waits = thread(10, wait or lock_wait(), stack=stack)
        child = process(10, waits, parent=5, forked=True)
        return case(root, child)

    def test_it_may_be_parked_and_nothing_is_said(self):
        seen = self.tree()
        assert seen.liveness.proven == frozenset()
        assert seen.causes == ()

    def test_a_task_of_a_pool_is_not_parked(self):
        task = (*PARKED, *frames("worker ~multiprocessing/pool.py:120"))
        assert self.tree(task).liveness.proven == {ThreadId(5, 5), ThreadId(10, 10)}

    def test_a_shared_event_is_there_for_another_process_to_set(self):
        semaphore = Semaphore(key="sem", max_value=1, value=0, recursive=False, mapped_by=(5, 10))
        lock = Lock(kind=LockKind.SEMAPHORE, semaphore=semaphore)
        wait = Wait(kind=WaitKind.SHARED_LOCK, syscall="futex", lock=lock)
        assert self.tree(wait=wait).liveness.proven == {ThreadId(5, 5), ThreadId(10, 10)}


class TestMainThreadOnAnEventThatItShares:
    def seen(self, mapped_by=(10,), child="Z"):
        semaphore = Semaphore(
            key="sem", max_value=2**31 - 1, value=0, recursive=False, mapped_by=mapped_by
        )
        lock = Lock(kind=LockKind.SEMAPHORE, semaphore=semaphore)
        wait = Wait(kind=WaitKind.SHARED_LOCK, syscall="futex", lock=lock)
        exited = thread(11, Wait(kind=WaitKind.EXITED))
        ended = msgspec.structs.replace(process(11, exited, parent=10), state=child)
        return case(process(10, thread(10, wait, stack=PARKED)), ended).liveness.proven

    def test_children_that_have_ended_will_not_set_it(self):
        assert self.seen() == {main_of(10)}

    def test_without_children_or_with_others_that_have_it_it_may_be_parked(self):
        assert not self.seen(child="S")
        assert not self.seen(mapped_by=(10, 99))


class TestTraced:
    def seen(self, wait):
        held = thread(11, Wait(kind=WaitKind.TRACED))
        tracee = msgspec.structs.replace(process(11, held, parent=10), traced_by=10)
        pipes = [pipe("pipe:[1]", writers=[11], readers=[10])]
        return case(process(10, thread(10, wait)), tracee, channels=pipes).liveness.proven

    def test_a_tracer_that_reads_from_its_tracee_will_not_let_it_go(self):
        assert self.seen(reads("pipe:[1]")) == {main_of(10), main_of(11)}

    def test_one_that_waits_for_its_tracees_may(self):
        assert not self.seen(waits_for_child(11))


class TestOwnerWhoseIdAnEndedThreadMayHaveHad:
    def tree(self, **more):
        def waits_for(owner):
            wait = lock_wait(RLOCK, owner=owner)
            assert wait.lock is not None
            return msgspec.structs.replace(wait, lock=msgspec.structs.replace(wait.lock, **more))

        first = thread(10, waits_for(11 * 16), stack=LOCKING)
        return case(process(10, first, thread(11, waits_for(10 * 16), stack=LOCKING)))

    def test_a_circle_of_guessed_owners_is_likely_though_its_members_are_dead(self):
        seen = self.tree(owner_reused=True)
        assert len(seen.liveness.proven) == 2
        assert [(cause.kind, cause.proven) for cause in seen.causes] == [("lock-cycle", False)]

    def test_a_circle_of_owners_that_are_known_is_proven(self):
        assert [cause.proven for cause in self.tree().causes] == [True]

    def test_it_is_said(self):
        seen = self.tree(owner_reused=True)
        owner = seen.liveness.wakers[ThreadId(10, 10)].owner
        assert "or a thread that had the same id" in owner_words(seen, ThreadId(10, 10), owner)[0]


def test_without_a_stack_a_main_thread_may_be_parked():
    assert not dead(process(10, thread(10, lock_wait())))


class TestGil:
    def world(self, *, after_switches: int):
        waits = lock_wait(LockKind.GIL, owner=10 * 16)
        waits = msgspec.structs.replace(waits, timed=True)
        gil = Gil(address=1, locked=True, holder_ident=160, switch_number=7)
        later = msgspec.structs.replace(gil, switch_number=after_switches)
        holder = thread(10, reads("pipe:[1]"), stack=LOCKING)
        before = process(10, holder, thread(11, waits, switches=1), gil=gil)
        after = process(10, holder, thread(11, waits, switches=90), gil=later)
        channels = [pipe("pipe:[1]", writers=[10])]
        second = snapshot(after, channels=channels)
        return dead(before, second=second, channels=channels)

    def test_threads_starve_behind_a_holder_that_cannot_run(self):
        assert self.world(after_switches=7) == {ThreadId(10, 10), ThreadId(10, 11)}

    def test_a_gil_that_changes_hands_starves_nobody(self):
        assert self.world(after_switches=8) == frozenset()


class TestSharedSemaphore:
    def wait(
        self, *, holders=(), recursive=False, mapped=(10, 20, 30), unread=(), inside_with=False
    ):
        semaphore = Semaphore(
            key="0:1:0",
            value=0,
            max_value=1,
            recursive=recursive,
            holders=tuple(
                SemaphoreHolder(pid=p, ident=p * 16, count=1, inside_with=inside_with)
                for p in holders
            ),
            mapped_by=mapped,
            unread=unread,
        )
        lock = Lock(kind=LockKind.SEMAPHORE, address=1, semaphore=semaphore)
        futex = Futex(address=1, operation=0x109, value=0)
        return Wait(kind=WaitKind.SHARED_LOCK, syscall="futex", futex=futex, lock=lock)

    def tree(self, wait, third=world.SLEEPING):
        waiter = process(10, thread(10, wait, stack=LOCKING))
        holder = process(20, thread(20, waits_for_child(10), stack=LOCKING), parent=10)
        return case(waiter, holder, process(30, thread(30, third), parent=10)).liveness

    def test_an_rlock_is_released_by_its_holder_only(self):
        seen = self.tree(self.wait(holders=[20], recursive=True))
        assert seen.proven == {ThreadId(10, 10), ThreadId(20, 20)}

    def test_a_plain_lock_may_be_released_by_any_live_process_that_maps_it(self):
        seen = self.tree(self.wait(holders=[20]))
        assert seen.proven == frozenset()
        assert seen.likely == {ThreadId(10, 10), ThreadId(20, 20)}

    def test_a_plain_lock_is_released_at_the_end_of_a_with(self):
        seen = self.tree(self.wait(holders=[20], inside_with=True))
        assert seen.proven == {ThreadId(10, 10), ThreadId(20, 20)}

    def test_a_plain_lock_whose_sharers_are_all_stuck_is_proven(self):
        seen = self.tree(self.wait(holders=[20]), third=waits_for_child(10))
        assert len(seen.proven) == 3

    def test_several_holders_are_no_holder(self):
        seen = self.tree(self.wait(holders=[20, 30]))
        assert seen.likely == frozenset()

    def test_an_unread_sharer_weakens_the_proof(self):
        seen = self.tree(self.wait(holders=[20], unread=(99,)), third=waits_for_child(10))
        assert seen.proven == frozenset()
