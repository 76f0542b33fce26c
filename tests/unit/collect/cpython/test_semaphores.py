import struct
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.collect.cpython.access import Access
from diag.collect.cpython.pagemap import runs
from diag.collect.cpython.semaphores import (
    SharedPlace,
    address_of,
    shared_place,
    strangers_that_map,
)
from diag.collect.cpython.semholders import Answer, find_holders
from diag.collect.maps import AddressSpace, parse_maps
from diag.collect.memory import Memory, MemoryUnreadableError
from diag.model.lock import SemaphoreHolder
from tests.unit.collect.cpython.fakes import HEAP, HEAP_BYTES, World

PLACE = SharedPlace("00:1b", 77, 32)
SHARED = HEAP + HEAP_BYTES - 0x1000
HANDLE = SHARED + 32
IDENT = 0x7F00_0000_1000
RESIDENT = (1 << 63).to_bytes(8, "little")
GUARD = (1 << 62 | 1 << 58).to_bytes(8, "little")
ABSENT = (bytes(8), GUARD)


def mapped(start: int = SHARED) -> str:
    return f"{start:x}-{start + 0x1000:x} rw-s 00000000 00:1b 77 /dev/shm/sem.x (deleted)\n"


def mappings() -> AddressSpace:
    return parse_maps(f"{HEAP:x}-{SHARED:x} rw-p 00000000 00:00 0 [heap]\n" + mapped())


@dataclass
class Worlds:
    """Processes that share a semaphore; each has its own memory."""

    folder: Path
    processes: dict[int, World] = field(default_factory=dict)

    def add(self, pid: int, count: int | None, *, shift: int = 0, value: int = 0) -> int:
        """Add a process with a SemLock, moved by `shift` objects; return its address."""
        world = self.processes[pid] = World()
        world.memory.pid = pid
        for _ in range(shift):
            world.object("dict")
        world.memory.put(HANDLE, struct.pack("<II", value, 1))
        (self.folder / str(pid)).mkdir()
        pages = (HEAP + HEAP_BYTES) // 4096
        (self.folder / str(pid) / "pagemap").write_bytes(RESIDENT * pages)
        return 0 if count is None else self.semlock(pid, count)

    def semlock(self, pid: int, count: int) -> int:
        counts = int.from_bytes(struct.pack("<ii", count, 1), "little")
        return self.processes[pid].object(
            "_multiprocessing.SemLock", HANDLE, IDENT + pid, counts, 1
        )

    def ask(
        self,
        known: dict[int, int],
        *,
        strangers: tuple[int, ...] = (),
        taking: frozenset[int] = frozenset(),
    ) -> Answer:
        answer = find_holders(
            PLACE,
            {pid: {address} for pid, address in known.items()},
            {pid: mappings() for pid in self.processes},
            strangers,
            taking,
            _FakeAccess(self.folder, 0, 0.0, self.processes),
        )
        assert answer is not None
        return answer


class _FakeAccess(Access):
    worlds: dict[int, World]

    def __new__(
        cls, proc_root: Path, max_bytes: int, max_s: float, worlds: dict[int, World]
    ) -> "_FakeAccess":
        access = super().__new__(cls, proc_root, max_bytes, max_s)
        access.worlds = worlds
        return access

    def memory(self, pid: int) -> Memory:
        if self.worlds[pid].memory.regions:
            return self.worlds[pid].memory
        raise MemoryUnreadableError(f"{pid} may not be read")


@pytest.fixture
def worlds(tmp_path: Path) -> Worlds:
    return Worlds(tmp_path)


def holder(pid: int, count: int = 1) -> SemaphoreHolder:
    return SemaphoreHolder(pid=pid, ident=IDENT + pid, count=count)


def test_holder_at_the_same_address(worlds: Worlds) -> None:
    waiting = worlds.add(1, 0)
    worlds.add(2, 1)
    answer = worlds.ask({1: waiting})
    assert answer.semaphore.holders == (holder(2),)
    assert answer.semaphore.unread == ()
    assert answer.semaphore.mapped_by == (1, 2)
    assert answer.owner_unknown is None


def test_holder_at_another_address_is_searched_for(worlds: Worlds) -> None:
    waiting = worlds.add(1, 0)
    worlds.add(2, 1, shift=5)
    assert worlds.ask({1: waiting}).semaphore.holders == (holder(2),)


def test_second_object_of_the_waiting_process(worlds: Worlds) -> None:
    waiting = worlds.add(1, 0)
    worlds.semlock(1, 1)
    assert worlds.ask({1: waiting}).semaphore.holders == (holder(1),)


def test_holder_that_died(worlds: Worlds) -> None:
    waiting = worlds.add(1, 0)
    worlds.add(2, 0, shift=2)
    answer = worlds.ask({1: waiting})
    assert answer.semaphore.holders == ()
    assert answer.semaphore.unread == ()
    assert answer.owner_unknown == "no living process holds it"


def test_copied_count_is_ambiguous(worlds: Worlds) -> None:
    waiting = worlds.add(1, 0)
    worlds.add(2, 1)
    worlds.add(3, 1)
    answer = worlds.ask({1: waiting})
    assert answer.semaphore.holders == (holder(2), holder(3))
    assert answer.owner_unknown is not None


def test_process_without_the_object_is_not_heard(worlds: Worlds) -> None:
    waiting = worlds.add(1, 0)
    worlds.add(2, None)
    answer = worlds.ask({1: waiting})
    assert answer.semaphore.unread == (2,)
    assert answer.owner_unknown is not None


def test_process_that_may_not_be_read_is_not_heard(worlds: Worlds) -> None:
    waiting = worlds.add(1, 0)
    worlds.add(2, 1)
    worlds.processes[2].memory.regions.clear()
    assert worlds.ask({1: waiting}).semaphore.unread == (2,)


def test_stranger_is_not_heard(worlds: Worlds) -> None:
    answer = worlds.ask({1: worlds.add(1, 0)}, strangers=(9,))
    assert answer.semaphore.unread == (9,)
    assert answer.semaphore.mapped_by == (1, 9)


def test_thread_that_may_have_just_got_it(worlds: Worlds) -> None:
    waiting = worlds.add(1, 0)
    worlds.add(2, 0)
    assert worlds.ask({1: waiting}, taking=frozenset({2})).semaphore.unread == (2,)


def test_release_by_another_process_makes_counts_worthless(worlds: Worlds) -> None:
    waiting = worlds.add(1, 0)
    worlds.add(2, -1)
    answer = worlds.ask({1: waiting})
    assert answer.semaphore.unread == (2,)
    assert answer.owner_unknown is not None


def test_free_semaphore(worlds: Worlds) -> None:
    answer = worlds.ask({1: worlds.add(1, 0, value=1)})
    assert answer.semaphore.value == 1
    assert "free" in (answer.owner_unknown or "")


def test_place_is_the_same_in_every_process() -> None:
    space = mappings()
    assert shared_place(space, HANDLE) == PLACE
    assert PLACE.key == "00:1b:77:32"
    assert address_of(parse_maps(mapped(0x5000)), PLACE) == 0x5000 + 32
    assert address_of(parse_maps(""), PLACE) is None
    assert shared_place(space, HEAP) is None


def test_strangers(tmp_path: Path) -> None:
    for pid in (1, 2, 3):
        (tmp_path / str(pid)).mkdir()
    (tmp_path / "self").mkdir()
    (tmp_path / "1" / "maps").write_text(mapped())
    (tmp_path / "2" / "maps").write_text(mapped())
    found = strangers_that_map([PLACE], {2}, proc_root=tmp_path)
    assert found == {PLACE: (1,)}


def test_page_that_cannot_be_read_costs_only_itself(worlds: Worlds) -> None:
    waiting = worlds.add(1, 0)
    worlds.add(2, 1, shift=5)
    worlds.processes[2].memory.closed_page = HEAP + 0x7_0000
    assert worlds.ask({1: waiting}).semaphore.holders == (holder(2),)


@given(st.lists(st.booleans(), max_size=200))
def test_runs_cover_exactly_the_pages_that_are_there(present: list[bool]) -> None:
    entries = b"".join(RESIDENT if page else ABSENT[i % 2] for i, page in enumerate(present))
    found = [index for first, count in runs(entries) for index in range(first, first + count)]
    assert found == [index for index, page in enumerate(present) if page]
