"""Objects that are damaged, change while they are read or lie about their size give nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.collect.cpython.framelayout import FRAMES
from diag.collect.cpython.mappings import MAX_ENTRIES
from diag.collect.cpython.pools import find_worker
from diag.collect.cpython.typenames import TypeFacts, Types
from diag.collect.cpython.values import MAX_ITEMS, MAX_TEXT, Values
from diag.collect.cpython.waited import find_subject
from diag.collect.memory import MemoryBudgetError
from diag.model.stack import Frame
from tests.unit.collect.cpython.fakes import OBJECTS, STACK, FakeMemory, HostileMemory, World

NAMES = [
    *("list", "tuple", "set", "dict", "int", "str", "weakref", "method", "module", "cell"),
    *("collections.deque", "_queue.SimpleQueue", "_multiprocessing.SemLock", "Queue"),
]
VERSIONS = st.sampled_from(sorted(FRAMES))


class Claimed(Types):
    """Every address is an object of one type."""

    def __init__(self, memory: HostileMemory | FakeMemory, name: str) -> None:
        super().__init__(memory)
        self.name = name

    def of(self, address: int) -> TypeFacts | None:
        return TypeFacts(self.name, (self.name, "object"), 48, genuine=True)


@given(st.integers(0, 1000), VERSIONS, st.sampled_from(NAMES), st.integers(0, 0xFFFF))
def test_garbage_of_any_type_gives_nothing_or_something_bounded(
    seed: int, version: tuple[int, int], name: str, place: int
) -> None:
    memory = HostileMemory(seed)
    values = Values(memory, Claimed(memory, name), version)
    address = STACK + 8 * place
    try:
        assert len(values.items(address) or ()) <= MAX_ITEMS
        assert len(values.text(address) or "") <= MAX_TEXT
        assert len(values.pairs(address) or ()) <= MAX_ENTRIES
        assert abs(values.integer(address) or 0) < 1 << 128
        assert (values.length(address) or 0) >= 0
        assert len(values.attributes(address)) <= MAX_ENTRIES
        for read in (values.referent, values.bound_to, values.namespace, values.unwrapped):
            assert (read(address) or 0) >= 0
    except MemoryBudgetError:
        return


@given(st.integers(0, 1000), VERSIONS, st.integers(0, 0xFFFF))
def test_frames_over_garbage_name_no_object(
    seed: int, version: tuple[int, int], place: int
) -> None:
    memory = HostileMemory(seed)
    values = Values(memory, Types(memory), version)
    address = STACK + 8 * place
    frames = [
        Frame(
            function="wait", file="/usr/lib/python3.12/threading.py", line=1, self_address=address
        ),
        Frame(function="_process_worker", file="/x/concurrent/futures/process.py", line=2),
    ]
    try:
        assert find_subject(values, frames) is None
        worker = find_worker(values, frames)
    except MemoryBudgetError:
        return
    assert worker is not None
    assert worker.task is None


@pytest.mark.parametrize("version", FRAMES)
def test_a_set_that_changes_while_it_is_read_gives_nothing(version: tuple[int, int]) -> None:
    world = World(version)
    memory, at, table = world.memory, OBJECTS, OBJECTS + 0x1000
    values = Values(memory, Claimed(memory, "set"), version)
    memory.put_words(at + 16, 2, 2, 7, table)
    memory.put_words(table, 0x1111, 5, 0x2222, 6)
    assert sorted(values.items(at) or ()) == [0x1111, 0x2222]
    memory.put_words(table, 0x1111, 5, 0, 0)
    assert values.items(at) is None
    memory.put_words(at + 32, 6)  # no power of two, less one
    assert values.items(at) is None


@pytest.mark.parametrize("version", FRAMES)
def test_a_list_of_an_impossible_length_gives_nothing(version: tuple[int, int]) -> None:
    world = World(version)
    values = Values(world.memory, Claimed(world.memory, "list"), version)
    world.memory.put_words(OBJECTS + 16, 1 << 63, OBJECTS)
    assert values.length(OBJECTS) is None
    assert values.items(OBJECTS) is None


def test_who_takes_the_lock_inside_an_object_does_not_wait_for_the_object() -> None:
    memory = FakeMemory()
    values = Values(memory, Claimed(memory, "Condition"), (3, 12))
    wait = Frame(
        function="wait",
        file="/usr/lib/python3.12/threading.py",
        line=1,
        self_address=OBJECTS,
        objects={"waiter": 0x5000},
    )
    assert find_subject(values, [wait], 0x5000) is not None
    assert find_subject(values, [wait], None) is not None
    assert find_subject(values, [wait], 0x6000) is None  # it takes the Condition's own lock back
    get = Frame(function="get", file="/usr/lib/python3.12/queue.py", line=1, self_address=OBJECTS)
    assert find_subject(values, [get], 0x5000) is None
