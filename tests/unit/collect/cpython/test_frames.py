import dis
import threading
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diag.collect.cpython.entered import Entered
from diag.collect.cpython.exceptiontable import live_depth
from diag.collect.cpython.framelayout import FRAMES
from diag.collect.cpython.holders import locks_held
from diag.collect.cpython.mappings import Mappings, OddObjectError
from diag.collect.cpython.typenames import Types
from diag.collect.memory import MemoryBudgetError, MemoryUnreadableError
from tests.unit.collect.cpython.fakes import HEAP, STACK, FakeMemory, HostileMemory


def example(lock: threading.Lock, other: threading.Lock) -> None:
    with lock:
        try:
            lock.locked()
        except ValueError:
            with other:
                other.locked()
    lock.locked()


def code_objects() -> list[types.CodeType]:
    return [example.__code__, threading.Condition.wait.__code__, dis.dis.__code__]


@pytest.mark.parametrize("code", code_objects(), ids=lambda code: code.co_name)
def test_depth_is_that_of_the_handler(code: types.CodeType) -> None:
    # dis keeps its parser private, but it is the reference.
    entries = dis._parse_exception_table(code)  # type: ignore[attr-defined]
    for offset in range(0, len(code.co_code), 2):
        expected = next((e.depth for e in entries if e.start <= offset < e.end), 0)
        assert live_depth(code.co_exceptiontable, offset // 2) == expected


@given(st.binary(max_size=200), st.integers(-10, 10_000))
def test_damaged_table_ends(table: bytes, instruction: int) -> None:
    assert live_depth(table, instruction) >= 0


@settings(max_examples=40, deadline=None)
@given(st.integers(min_value=0), st.sampled_from(sorted(FRAMES)))
def test_garbage_holds_nothing(seed: int, version: tuple[int, int]) -> None:
    memory = HostileMemory(seed)
    entered = Entered(memory, Types(memory), FRAMES[version], version)
    try:
        assert locks_held(entered, STACK, forked=False) == frozenset()
    except MemoryBudgetError:
        return


def test_frames_that_lead_in_a_circle_end() -> None:
    memory = FakeMemory()
    layout = FRAMES[3, 13]
    frame = HEAP + 0x100
    memory.put_words(HEAP + layout.current, frame)
    memory.put_words(frame + layout.previous, frame)
    entered = Entered(memory, Types(memory), layout, (3, 13))
    assert locks_held(entered, HEAP, forked=False) == frozenset()


@pytest.mark.parametrize("version", FRAMES)
def test_object_without_attributes_is_said_to_be(version: tuple[int, int]) -> None:
    memory = FakeMemory()
    memory.put_words(HEAP + 0x200, 1, HEAP + 0x400)
    memory.put_words(HEAP + 0x400 + 288, 1 << 40)
    with pytest.raises((OddObjectError, MemoryUnreadableError)):
        Mappings(memory, version).attributes(HEAP + 0x200)
