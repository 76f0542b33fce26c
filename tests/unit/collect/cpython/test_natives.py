"""A thread without a thread state is harmless only if all of its stack says so."""

import pytest

from diag.collect.cpython.layout import TABLES
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.natives import native
from diag.collect.cpython.pthread import TID
from diag.collect.cpython.runtime import Runtime
from diag.collect.cpython.typenames import Types
from diag.collect.cpython.watchdog import ROLE
from diag.collect.maps import parse_maps
from diag.model.native import Native
from diag.model.thread import Syscall, Thread
from diag.model.wait import Futex, Wait, WaitKind
from tests.unit.collect.cpython import fakes
from tests.unit.collect.cpython.fakes import HEAP, HEAP_BYTES, RUNTIME, STACK, STACK_BYTES

TID_OF_IT = 4243
END = STACK + 0x2000  # of the used part of its stack: its struct pthread
LIBC, GOMP, OTHER, PYTHON = 0x1000_0000, 0x2000_0000, 0x3000_0000, 0x4000_0000
FILES = {
    LIBC: "/lib/libc.so.6",
    GOMP: "/site-packages/x.libs/libgomp-a34b3233.so.1.0.0",
    OTHER: "/usr/lib/libother.so.1",
    PYTHON: "/usr/lib/libpython3.12.so.1.0",
}
EVENT = HEAP + 0x9000
SLEEP = Wait(kind=WaitKind.SLEEP, timed=True)
ON_EVENT = Wait(kind=WaitKind.LOCK, timed=True, futex=Futex(address=EVENT, operation=0x89, value=0))


@pytest.fixture
def memory():
    made = fakes.FakeMemory()
    made.put_words(END, END, 0, END)
    made.put(END + TID, TID_OF_IT.to_bytes(4, "little"))
    made.put_words(STACK + 0x100, LIBC + 0x20, LIBC + 0x30)
    return made


def look(memory, wait=SLEEP):
    lines = [
        f"{HEAP:x}-{HEAP + HEAP_BYTES:x} rw-p 00000000 00:00 0 ",
        f"{STACK:x}-{STACK + STACK_BYTES:x} rw-p 00000000 00:00 0 ",
        *(f"{at:x}-{at + 0x1000:x} r-xp 00000000 08:01 7 {path}" for at, path in FILES.items()),
    ]
    runtime = Runtime(layout=TABLES[3, 12], idents={}, dead_idents=(), gil=None, gils=())
    space = parse_maps("\n".join(lines))
    interior = Interior(memory, space, Types(memory), runtime, (3, 12))
    call = Syscall(number=230, args=(0,) * 6, stack_pointer=STACK, program_counter=LIBC + 8)
    thread = Thread(
        tid=TID_OF_IT, name="x", state="S", start_ticks=1, wait=wait, syscall=call, inner_tid=None
    )
    return native(interior, RUNTIME, thread)


def test_code_of_the_c_library_alone_runs_no_python(memory):
    assert look(memory) == Native(role="a thread of libc", harmless=True)


def test_an_idle_thread_of_a_known_pool_runs_no_python(memory):
    memory.put_words(STACK + 0x200, GOMP + 0x10)
    assert look(memory) == Native(role="a thread of libgomp-a34b3233.so.1.0.0", harmless=True)


@pytest.mark.parametrize("file", [OTHER, PYTHON])
def test_code_of_anybody_else_may_call_python(memory, file):
    memory.put_words(STACK + 0x1FF8, file + 0x10)
    assert look(memory) == Native()


def test_what_lies_beyond_the_stack_does_not_count(memory):
    memory.put_words(END + 0x1000, OTHER + 0x10)
    assert look(memory).harmless


def test_a_stack_whose_end_is_not_found_proves_nothing(memory):
    memory.put(END + TID, (1).to_bytes(4, "little"))
    assert look(memory) == Native()


def test_who_waits_for_anything_from_outside_is_not_judged(memory):
    assert look(memory, Wait(kind=WaitKind.READ)) == Native()
    assert look(memory, Wait(kind=WaitKind.SIGNAL)) == Native()


@pytest.mark.parametrize("between", [(), (100,)])
@pytest.mark.parametrize("ends", [0, 1])
def test_the_watchdog_is_known_by_what_it_will_print(memory, between, ends):
    memory.put_words(STACK + 0x100, PYTHON + 0x10)
    assert look(memory, ON_EVENT) == Native()
    header = b"Timeout (0:00:05)!\n"
    memory.put(HEAP + 0xA000, header + b"\0")
    record = (ends, HEAP + 0xA000, len(header), *between, EVENT, 0)
    memory.put_words(RUNTIME + 0x500, *record)
    expected = Native(role=ROLE, harmless=True, ends_process=bool(ends))
    assert look(memory, ON_EVENT) == expected


@pytest.mark.parametrize("header", [b"Timeout (never)!\n", b"Timeout (0:00:05)", b""])
def test_another_record_with_the_same_lock_is_no_watchdog(memory, header):
    memory.put_words(STACK + 0x100, PYTHON + 0x10)
    memory.put(HEAP + 0xA000, header + b"\0")
    memory.put_words(RUNTIME + 0x500, 0, HEAP + 0xA000, len(header), EVENT, 0)
    assert look(memory, ON_EVENT) == Native()
