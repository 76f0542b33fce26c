import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.collect.cpython.layout import TABLES
from diag.collect.cpython.locks import Interior, find_lock
from diag.collect.cpython.runtime import Runtime
from diag.collect.cpython.typenames import Types
from diag.collect.memory import Memory, MemoryBudgetError
from diag.model.lock import Lock, LockKind
from diag.model.process import Gil
from diag.model.thread import Syscall
from diag.model.wait import Futex
from tests.unit.collect.cpython.fakes import GIL, HEAP, OBJECTS, STACK, HostileMemory, World, space

SEM_WAIT = 0x189
SEMAPHORE = HEAP + 0x9000
OWNER = 0x7F00_1234_5680
REUSED = 0x7F00_1234_9680
NEW = (3, 15)
OLD = (3, 12)


def interior(memory: Memory, version: tuple[int, int]) -> Interior:
    runtime = Runtime(
        layout=TABLES[version],
        idents={OWNER: 1, REUSED: 2},
        dead_idents=(),
        first_idents=frozenset({OWNER}),
        gil=Gil(address=GIL, locked=True, holder_ident=OWNER),
        gils=(GIL,),
    )
    return Interior(memory, space(), Types(memory), runtime, version)


def find(world: World, address: int, *, operation: int = SEM_WAIT, value: int = 0) -> Lock:
    call = Syscall(number=202, args=(address,) * 6, stack_pointer=STACK, program_counter=0)
    futex = Futex(address=address, operation=operation, value=value)
    return find_lock(interior(world.memory, world.version), futex, call)


def on_stack(world: World, *words: int) -> None:
    world.memory.put_words(STACK + 0x40, *words)


def parked(world: World, awaited: int) -> int:
    """Write a wait entry on the stack; return the futex in it."""
    entry = STACK + 0x100
    neighbour = HEAP + 0xA000
    world.memory.put_words(entry + 8, awaited)
    world.memory.put_words(entry + 48, neighbour, neighbour)
    world.memory.put_words(neighbour, entry + 48, entry + 48)
    return entry + 16


def test_rlock_of_3_12() -> None:
    world = World(OLD)
    lock = world.object("_thread.RLock", SEMAPHORE, OWNER, 2)
    on_stack(world, 3, lock, OBJECTS + 0x5000)
    assert find(world, SEMAPHORE) == Lock(
        kind=LockKind.RLOCK,
        address=lock,
        type_name="_thread.RLock",
        locked=True,
        owner_ident=OWNER,
        owner_reused=False,
        count=2,
    )


@pytest.mark.parametrize(("owner", "reused"), [(OWNER, False), (REUSED, True), (0xDEAD, False)])
def test_owner_of_an_rlock_may_have_the_ident_of_an_earlier_thread(
    owner: int, *, reused: bool
) -> None:
    world = World(OLD)
    on_stack(world, world.object("_thread.RLock", SEMAPHORE, owner, 1))
    assert find(world, SEMAPHORE).owner_reused is reused


def test_free_rlock_has_no_owner() -> None:
    world = World(OLD)
    on_stack(world, world.object("_thread.RLock", SEMAPHORE, 0, 0))
    lock = find(world, SEMAPHORE)
    assert lock.locked is False
    assert lock.owner_ident is None
    assert lock.owner_unknown is not None


def test_plain_lock_of_3_12() -> None:
    world = World(OLD)
    on_stack(world, world.object("_thread.lock", SEMAPHORE, 0, 1))
    lock = find(world, SEMAPHORE)
    assert (lock.kind, lock.locked) == (LockKind.LOCK, True)
    assert lock.owner_unknown == "a plain lock records no owner"


def test_subclass_is_known_by_its_base() -> None:
    world = World(OLD)
    on_stack(world, world.object("Mine", SEMAPHORE, OWNER, 1, base="_thread.RLock"))
    lock = find(world, SEMAPHORE)
    assert (lock.kind, lock.type_name) == (LockKind.RLOCK, "Mine")


@pytest.mark.parametrize("count", [0, HEAP << 16])
def test_freed_object_is_not_believed(count: int) -> None:
    world = World(OLD)
    on_stack(world, world.object("_thread.RLock", SEMAPHORE, OWNER, 1, count=count))
    assert find(world, SEMAPHORE).kind is LockKind.UNKNOWN


def test_two_objects_are_one_too_many() -> None:
    world = World(OLD)
    first = world.object("_thread.RLock", SEMAPHORE, OWNER, 1)
    on_stack(world, first, world.object("_thread.RLock", SEMAPHORE, OWNER + 8, 1))
    lock = find(world, SEMAPHORE)
    assert lock.kind is LockKind.UNKNOWN
    assert lock.owner_ident is None


def test_object_of_another_type_is_named_but_not_judged() -> None:
    world = World(OLD)
    on_stack(world, world.object("_ssl._SSLSocket", 0, 0, SEMAPHORE))
    lock = find(world, SEMAPHORE)
    assert (lock.kind, lock.type_name) == (LockKind.UNKNOWN, "_ssl._SSLSocket")
    assert lock.owner_unknown is not None
    assert "32" in lock.owner_unknown


@pytest.mark.parametrize(("version", "found"), [((3, 14), True), (NEW, False)])
def test_buffer_by_semaphore(version: tuple[int, int], *, found: bool) -> None:
    world = World(version)
    on_stack(world, world.object("_io.BufferedWriter", *[0] * 11, SEMAPHORE, OWNER))
    lock = find(world, SEMAPHORE)
    assert (lock.kind is LockKind.BUFFER) == found
    assert lock.owner_ident == (OWNER if found else None)


def test_buffer_by_parking() -> None:
    world = World(NEW)
    mutex = HEAP + 0xB000
    on_stack(world, world.object("_io.BufferedWriter", *[0] * 11, mutex, OWNER))
    lock = find(world, parked(world, mutex))
    assert (lock.kind, lock.owner_ident) == (LockKind.BUFFER, OWNER)


def test_parked_rlock() -> None:
    world = World(NEW)
    lock = world.object("_thread.RLock", 3, OWNER, 1)
    found = find(world, parked(world, lock + 16))
    assert found == Lock(
        kind=LockKind.RLOCK,
        address=lock,
        type_name="_thread.RLock",
        locked=True,
        owner_ident=OWNER,
        owner_reused=False,
        count=2,
    )


def test_parked_but_unlinked_is_not_believed() -> None:
    world = World(NEW)
    lock = world.object("_thread.RLock", 3, OWNER, 1)
    futex = parked(world, lock + 16)
    world.memory.put_words(HEAP + 0xA000, 0, 0)
    assert find(world, futex).owner_ident is None


@pytest.mark.parametrize(("state", "kind"), [(3, LockKind.JOIN), (4, LockKind.UNKNOWN)])
def test_join(state: int, kind: LockKind) -> None:
    world = World(NEW)
    handle = HEAP + 0xC000
    neighbour = HEAP + 0xD000
    world.memory.put_words(handle, neighbour, neighbour)
    world.memory.put_words(neighbour, handle, handle)
    world.memory.put(handle + 32, struct.pack("<QQii", OWNER, OWNER, 1, state))
    lock = find(world, parked(world, handle + 57))
    assert lock.kind is kind
    assert lock.owner_ident == (OWNER if kind is LockKind.JOIN else None)


def test_gil() -> None:
    world = World(OLD)
    lock = find(world, GIL + 72, operation=0x89)
    assert (lock.kind, lock.address, lock.owner_ident) == (LockKind.GIL, GIL, OWNER)


def test_other_futex_is_not_searched_for() -> None:
    world = World(OLD)
    on_stack(world, world.object("_thread.RLock", SEMAPHORE, OWNER, 1))
    assert find(world, SEMAPHORE, value=5).kind is LockKind.UNKNOWN


@settings(max_examples=40, deadline=None)
@given(
    st.integers(min_value=0),
    st.sampled_from(sorted(TABLES)),
    st.integers(0, 0xFFFF).map(lambda offset: STACK + 8 * offset),
)
def test_garbage_names_no_owner(seed: int, version: tuple[int, int], address: int) -> None:
    memory = HostileMemory(seed)
    call = Syscall(number=202, args=(0,) * 6, stack_pointer=STACK, program_counter=0)
    futex = Futex(address=address, operation=SEM_WAIT, value=0)
    try:
        lock = find_lock(interior(memory, version), futex, call)
    except MemoryBudgetError:
        return
    assert lock.owner_ident is None
    assert lock.owner_unknown is not None
