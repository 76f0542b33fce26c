import struct

import pytest

from diag.collect.cpython.mutex import native_lock
from diag.model.lock import Lock, LockKind
from diag.model.wait import Futex
from tests.unit.collect.cpython.fakes import HEAP, World

MUTEX = HEAP + 0x9000
TIDS = {5: 1005, 6: 1006}  # inner -> outer


def mutex(*, lock: int = 2, owner: int = 5, users: int = 1, kind: int = 0, links: int = 0) -> World:
    world = World()
    world.memory.put(
        MUTEX, struct.pack("<iIiIihhQQ", lock, 0, owner, users, kind, 0, 0, links, links)
    )
    return world


def find(world: World, *, operation: int = 0x80, value: int = 2) -> Lock | None:
    futex = Futex(address=MUTEX, operation=operation, value=value)
    return native_lock(world.memory, futex, TIDS)


def test_owner_is_a_thread_of_the_observers_namespace() -> None:
    assert find(mutex()) == Lock(
        kind=LockKind.MUTEX,
        address=MUTEX,
        type_name="pthread_mutex_t",
        locked=True,
        owner_tid=1005,
    )


def test_owner_of_another_process_is_unknown() -> None:
    lock = find(mutex(owner=99))
    assert lock is not None
    assert lock.owner_tid is None
    assert "99" in (lock.owner_unknown or "")


def test_free_mutex_has_no_owner() -> None:
    lock = find(mutex(lock=0))
    assert lock is not None
    assert (lock.locked, lock.owner_tid) == (False, None)


@pytest.mark.parametrize(
    "world",
    [
        mutex(kind=0x7F),
        mutex(kind=16),
        mutex(users=0),
        mutex(users=1 << 31),
        mutex(links=HEAP),
        mutex(lock=77),
    ],
    ids=["kind", "robust", "no users", "too many users", "links", "lock word"],
)
def test_other_native_lock_has_no_owner(world: World) -> None:
    lock = find(world)
    assert lock is not None
    assert (lock.kind, lock.owner_tid) == (LockKind.UNKNOWN, None)


def test_semaphore_is_left_to_others() -> None:
    assert find(mutex(), operation=0x189, value=0) is None


def test_unmapped_mutex() -> None:
    futex = Futex(address=0xDEAD_0000, operation=0x80, value=2)
    assert native_lock(World().memory, futex, TIDS) is None


@pytest.mark.parametrize(("offset", "value"), [(0x2D0, 6), (0x628, 2)])
def test_pthread_join(offset: int, value: int) -> None:
    world = World()
    ident = world.pthread(1, 6)
    futex = Futex(address=ident + offset, operation=0x109, value=value)
    lock = native_lock(world.memory, futex, TIDS)
    assert lock is not None
    assert (lock.kind, lock.owner_ident, lock.owner_tid) == (LockKind.JOIN, ident, 1006)


def test_pthread_join_of_an_ended_thread_is_not_believed() -> None:
    world = World()
    futex = Futex(address=world.pthread(1, 0) + 0x2D0, operation=0x109, value=6)
    assert native_lock(world.memory, futex, TIDS) is None
