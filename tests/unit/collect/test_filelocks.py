from hypothesis import given
from hypothesis import strategies as st

from diag.collect.descriptors import FdInfo
from diag.collect.filelocks import LockHolders, find_lock_holders, parse_locks
from diag.collect.holders import Held

LOCKS = b"""\
1: FLOCK  ADVISORY  WRITE 100 fe:00:55 0 EOF
1: -> FLOCK  ADVISORY  WRITE 200 fe:00:55 0 EOF
1:  -> FLOCK  ADVISORY  READ 300 fe:00:55 0 EOF
2: POSIX  ADVISORY  READ 110 08:01:66 0 99
2: -> POSIX  ADVISORY  WRITE 210 08:01:66 0 99
3: OFDLCK ADVISORY  WRITE -1 08:01:77 0 EOF
3: -> OFDLCK ADVISORY  WRITE -1 08:01:77 0 EOF
4: POSIX  ADVISORY  READ 120 08:01:66 0 99
"""
FLOCK, FCNTL = frozenset({"FLOCK"}), frozenset({"POSIX", "OFDLCK"})
ALIVE = (100, 110, 120, 200, 210, 300)


def find(
    kinds: frozenset[str], inode: int, waiter: int, *opened: Held, alive: tuple[int, ...] = ALIVE
) -> LockHolders:
    return find_lock_holders(
        parse_locks(LOCKS), kinds=kinds, inode=inode, waiter=waiter, opened=opened, alive=alive
    )


def test_the_holder_is_named() -> None:
    assert find(FLOCK, 55, 200).pids == (100, 300)  # 300 queues for the same lock
    assert find(FCNTL, 66, 210).pids == (110, 120)  # two readers keep the writer out


def test_a_waiter_behind_a_waiter_waits_for_both() -> None:
    assert find(FLOCK, 55, 300).pids == (100, 200)


def test_those_who_share_the_description_hold_the_lock_too() -> None:
    shared = Held(500, 3, FdInfo(mode=1, locks=("FLOCK",)))
    merely_open = Held(600, 3, FdInfo(mode=1))
    assert find(FLOCK, 55, 200, shared, merely_open, alive=(200,)).pids == (500,)
    assert find(FLOCK, 55, 200, shared, merely_open).pids == (100, 300, 500)


def test_an_ofd_lock_has_no_pid_but_shows_on_the_descriptor() -> None:
    assert find(FCNTL, 77, 400).unknown == "/proc/locks names no process that holds the lock"
    held = Held(700, 4, FdInfo(mode=2, locks=("OFDLCK",)))
    assert find(FCNTL, 77, 400, held).pids == (700,)


def test_a_wait_that_is_not_listed_is_unknown() -> None:
    assert find(FLOCK, 55, 999).unknown == "/proc/locks does not show this wait"
    assert find(FLOCK, 66, 210).unknown == "/proc/locks does not show this wait"  # other kind


def test_a_holder_that_is_gone_is_not_named() -> None:
    found = find(FLOCK, 55, 200, alive=(200,))
    assert found.pids == ()
    assert found.unknown


@given(st.binary(max_size=200))
def test_damaged_lines_are_left_out(data: bytes) -> None:
    assert len(parse_locks(LOCKS + data)) >= len(parse_locks(LOCKS)) - 1
