import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.collect.cpython.layout import TABLES
from diag.collect.cpython.runtime import Runtime, RuntimeMismatchError, read_runtime
from diag.collect.memory import MemoryBudgetError
from tests.unit.collect.cpython.fakes import (
    GIL,
    HEAP,
    INTERPRETER,
    MAIN_TID,
    RUNTIME,
    FakeMemory,
    HostileMemory,
    World,
)

TIDS = frozenset({MAIN_TID, MAIN_TID + 1})


def read(world: World, *, forked: bool = False, tids: frozenset[int] = TIDS) -> Runtime:
    return read_runtime(world.memory, RUNTIME, world.layout, lambda: tids, forked=forked)


def two_threads(version: tuple[int, int] = (3, 12)) -> World:
    world = World(version)
    main, other = world.pthread(0, MAIN_TID), world.pthread(1, MAIN_TID + 1)
    world.interpreter((other, MAIN_TID + 1), (main, MAIN_TID))
    return world


@pytest.mark.parametrize("version", TABLES)
def test_reads_threads_and_gil(version: tuple[int, int]) -> None:
    world = two_threads(version)
    runtime = read(world)
    assert sorted(runtime.idents.values()) == sorted(TIDS)
    assert runtime.dead_idents == ()
    assert runtime.gil is not None
    assert runtime.gil.address == world.gil
    assert runtime.gil.locked
    assert runtime.idents[runtime.gil.holder_ident or 0] == MAIN_TID + 1
    assert runtime.gil.switch_number == 7


def test_thread_that_is_being_started_is_left_out() -> None:
    world = World()
    world.interpreter((0, 0), (world.pthread(0, MAIN_TID), MAIN_TID))
    assert list(read(world).idents.values()) == [MAIN_TID]


def test_thread_unknown_to_the_kernel_fails_the_check() -> None:
    world = two_threads()
    with pytest.raises(RuntimeMismatchError, match="threads that the process does not have"):
        read(world, tids=frozenset({MAIN_TID}))


def test_note_of_another_thread_id_fails_the_check() -> None:
    world = World()
    world.interpreter((world.pthread(0, MAIN_TID), MAIN_TID + 7))
    with pytest.raises(RuntimeMismatchError, match="not the kernel's"):
        read(world)


def test_ident_that_is_no_pthread_fails_the_check() -> None:
    world = World()
    world.interpreter((HEAP + 0x5000, MAIN_TID))
    with pytest.raises(RuntimeMismatchError):
        read(world)


@pytest.mark.parametrize("forked", [False, True])
def test_threads_left_behind_by_a_fork(*, forked: bool) -> None:
    world = World()
    main, dead = world.pthread(0, MAIN_TID), world.pthread(1, 0)
    world.interpreter((dead, 77), (main, 76))
    if not forked:
        with pytest.raises(RuntimeMismatchError):
            read(world)
        return
    runtime = read(world, forked=True)
    assert runtime.dead_idents == (dead,)
    assert runtime.idents == {main: MAIN_TID}


def test_newer_thread_of_a_fork_child_is_not_called_dead() -> None:
    world = two_threads()
    with pytest.raises(RuntimeMismatchError):
        read(world, forked=True, tids=frozenset({MAIN_TID}))


def test_cyclic_list_of_interpreters_ends() -> None:
    world = two_threads()
    world.memory.put_words(INTERPRETER + world.layout.interpreter_next, INTERPRETER)
    with pytest.raises(RuntimeMismatchError, match="does not end"):
        read(world)


def test_cyclic_list_of_threads_ends() -> None:
    world = two_threads()
    first = world.memory.u64(INTERPRETER + world.layout.threads_head)
    world.memory.put_words(world.memory.u64(first + 8) + 8, first)
    with pytest.raises(RuntimeMismatchError, match="not linked"):
        read(world)


def test_empty_runtime_is_not_initialised() -> None:
    with pytest.raises(RuntimeMismatchError, match="no interpreter"):
        read(World())


def test_unmapped_list_is_a_mismatch() -> None:
    world = two_threads()
    world.memory.put_words(RUNTIME + world.layout.interpreters_head, 0xDEAD_0000)
    with pytest.raises(RuntimeMismatchError, match="unmapped"):
        read(world)


def test_gil_that_is_something_else_fails_the_check() -> None:
    world = two_threads()
    world.memory.put_words(GIL + 16, 12345)
    with pytest.raises(RuntimeMismatchError, match="GIL"):
        read(world)


def test_holder_that_is_no_thread_is_not_named() -> None:
    world = two_threads()
    world.memory.put_words(GIL + 8, HEAP + 0x7000)
    gil = read(world).gil
    assert gil is not None
    assert gil.locked
    assert gil.holder_ident is None


def test_process_that_moves_is_read_again() -> None:
    world = two_threads()
    answers = iter([frozenset({MAIN_TID}), TIDS, TIDS])
    runtime = read_runtime(world.memory, RUNTIME, world.layout, lambda: next(answers), forked=False)
    assert len(runtime.idents) == 2


def test_budget_is_not_taken_for_a_race() -> None:
    world = two_threads()
    memory = FakeMemory(max_reads=3)
    memory.regions = world.memory.regions
    with pytest.raises(MemoryBudgetError):
        read_runtime(memory, RUNTIME, world.layout, lambda: TIDS, forked=False)


@settings(max_examples=30, deadline=None)
@given(st.integers(min_value=0), st.sampled_from(sorted(TABLES)))
def test_garbage_is_never_trusted(seed: int, version: tuple[int, int]) -> None:
    memory = HostileMemory(seed)
    with pytest.raises((RuntimeMismatchError, MemoryBudgetError)):
        read_runtime(memory, RUNTIME, TABLES[version], lambda: TIDS, forked=True)


@pytest.mark.parametrize(
    ("serials", "first"), [((1, 2), 2), ((1, 3), 1), ((2, 3), 0), ((5, 4), 0), ((1, 1), 0)]
)
def test_idents_that_no_earlier_thread_can_have_had(serials: tuple[int, int], first: int) -> None:
    world = two_threads()
    newest = world.memory.u64(INTERPRETER + world.layout.threads_head)
    oldest = world.memory.u64(newest + 8)
    for state, serial in zip((oldest, newest), serials, strict=True):
        world.memory.put_words(state + world.layout.serial, serial)
    assert len(read(world).first_idents) == first
