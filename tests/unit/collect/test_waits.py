import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.collect.memory import MemoryUnreadableError
from diag.collect.procfs import parse_syscall
from diag.collect.requests import Awaited, Children, Request
from diag.collect.syscalls import syscall_name
from diag.collect.waits import Blocked, understand
from diag.model.wait import WaitKind
from tests.unit.collect.fake_proc import call

POINTER = 0x5000
NO_TIMEOUT = 0xFFFFFFFF  # -1 as poll's int
OFFSET_S = -1000.0


class FakeMemory:
    def __init__(self, data: bytes = b"", at: int = POINTER) -> None:
        self._data, self._at = data, at

    def read(self, address: int, size: int) -> bytes:
        start = address - self._at
        found = self._data[start : start + size] if start >= 0 else b""
        if len(found) != size:
            raise MemoryUnreadableError("not mapped")
        return found

    def c_string(self, address: int, *, limit: int = 256) -> str:
        start = address - self._at
        if not 0 <= start < len(self._data):
            raise MemoryUnreadableError("not mapped")
        return self._data[start:].partition(b"\0")[0].decode()


def ask(
    number: int,
    *args: int,
    memory: bytes = b"",
    wchan: str | None = None,
    state: str = "S",
    machine: str = "x86_64",
) -> Request:
    syscall = parse_syscall(call(number, *args).encode())
    understood = understand(
        Blocked(state, syscall, wchan),
        FakeMemory(memory),
        machine=machine,
        realtime_to_monotonic_s=OFFSET_S,
    )
    return understood.request


def timespec(seconds: int, nanoseconds: int = 0) -> bytes:
    return struct.pack("<qq", seconds, nanoseconds)


def fd_set(*fds: int) -> bytes:
    return sum(1 << fd for fd in fds).to_bytes(128, "little")


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("R", WaitKind.RUNNING),
        ("D", WaitKind.DISK),
        ("T", WaitKind.STOPPED),
        ("t", WaitKind.TRACED),
        ("Z", WaitKind.EXITED),
        ("X", WaitKind.EXITED),
    ],
)
def test_a_state_other_than_sleep_says_it_all(state: str, kind: WaitKind) -> None:
    assert ask(0, 3, state=state).kind is kind


def test_a_thread_that_woke_between_two_files_runs() -> None:
    understood = understand(
        Blocked("S", None, None), FakeMemory(), machine="x86_64", realtime_to_monotonic_s=0
    )
    assert understood.request.kind is WaitKind.RUNNING


def test_what_may_not_be_read_is_unknown_with_the_reason() -> None:
    understood = understand(
        Blocked("S", None, None, "forbidden"),
        FakeMemory(),
        machine="x86_64",
        realtime_to_monotonic_s=0,
    )
    assert understood.request.kind is WaitKind.UNKNOWN
    assert understood.request.unknown == "forbidden"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("-1 0x7ffd00001000 0x7f00", "outside of a system call"),
        ("0 0x3 0 0 0 0 0 0xffff1000 0x8000", "32-bit"),
        ("9999 0x3 0 0 0 0 0 0x7fff00001000 0x8000", "9999"),
    ],
)
def test_what_cannot_be_understood_says_why(text: str, word: str) -> None:
    blocked = Blocked("S", parse_syscall(text.encode()), None)
    found = understand(blocked, FakeMemory(), machine="x86_64", realtime_to_monotonic_s=0).request
    assert found.kind is WaitKind.UNKNOWN
    assert word in (found.unknown or "")


def test_other_machines_are_unknown_and_arm_is_known() -> None:
    assert ask(0, 3, machine="riscv64").kind is WaitKind.UNKNOWN
    assert ask(63, 3, machine="aarch64").kind is WaitKind.READ
    assert syscall_name(98, "aarch64") == "futex"


@pytest.mark.parametrize(
    ("operation", "timeout", "kind", "timed", "deadline_s"),
    [
        (0x189, 0, WaitKind.LOCK, False, None),
        (0x89, POINTER, WaitKind.LOCK, True, 5000.5),
        (0x109, 0, WaitKind.SHARED_LOCK, False, None),
        (0x109, POINTER, WaitKind.SHARED_LOCK, True, 4000.5),  # CLOCK_REALTIME
        (0x80, 0, WaitKind.LOCK, False, None),
        (0x80, POINTER, WaitKind.LOCK, True, None),  # FUTEX_WAIT: relative
        (0x86, POINTER, WaitKind.LOCK, True, 4000.5),  # LOCK_PI: always CLOCK_REALTIME
        (0x8D, POINTER, WaitKind.LOCK, True, 5000.5),  # LOCK_PI2
    ],
)
def test_futex(
    operation: int, timeout: int, kind: WaitKind, timed: bool, deadline_s: float | None
) -> None:
    found = ask(202, 0x7F10, operation, 2, timeout, memory=timespec(5000, 500_000_000))
    assert (found.kind, found.timed) == (kind, timed)
    assert found.deadline_s == deadline_s
    assert found.futex is not None
    assert (found.futex.address, found.futex.operation, found.futex.value) == (0x7F10, operation, 2)


def test_a_deadline_that_is_no_time_is_left_out() -> None:
    found = ask(202, 0x7F10, 0x89, 0, POINTER, memory=timespec(5, 2_000_000_000))
    assert found.timed
    assert found.deadline_s is None


@pytest.mark.parametrize("number", [449, 455])
def test_waits_for_several_futexes_are_not_read(number: int) -> None:
    assert ask(number, POINTER, 3).kind is WaitKind.UNKNOWN


def test_a_futex_operation_that_is_no_wait_is_unknown() -> None:
    assert ask(202, 0x7F10, 0x81).kind is WaitKind.UNKNOWN


@pytest.mark.parametrize(
    ("args", "wchan", "kind", "timed"),
    [
        ((0x7F10, 0x89, 0, POINTER), "futex_do_wait", WaitKind.LOCK, True),
        ((0x7F10, 0x89, 0, POINTER), "futex_wait_queue_me", WaitKind.LOCK, True),
        ((POINTER, 1, 5000), "poll_schedule_timeout.constprop.0", WaitKind.POLL, True),
        ((POINTER, 1, NO_TIMEOUT), "do_poll", WaitKind.POLL, False),
        ((1, 1, POINTER), "hrtimer_nanosleep", WaitKind.SLEEP, True),
        ((1, 1, POINTER), None, WaitKind.UNKNOWN, False),
    ],
)
def test_a_call_restarted_after_a_stop_keeps_its_arguments(
    args: tuple[int, ...], wchan: str | None, kind: WaitKind, timed: bool
) -> None:
    memory = struct.pack("<ihh", 4, 1, 0) + bytes(8)
    found = ask(219, *args, wchan=wchan, memory=memory)
    assert (found.kind, found.timed) == (kind, timed)


def test_sleeps_of_every_version() -> None:
    assert ask(270, 0, 0, 0, 0, POINTER).kind is WaitKind.SLEEP  # up to 3.10
    found = ask(230, 1, 1, POINTER, memory=timespec(7000))
    assert (found.kind, found.deadline_s) == (WaitKind.SLEEP, 7000.0)
    assert ask(230, 1, 0, POINTER, memory=timespec(7)).deadline_s is None  # relative
    assert ask(7, 0, 0, 500).kind is WaitKind.SLEEP
    assert ask(35, POINTER).timed


def test_a_select_of_nothing_without_time_out_waits_for_a_signal() -> None:
    assert ask(270, 0, 0, 0, 0, 0).kind is WaitKind.SIGNAL
    assert ask(7, 0, 0, NO_TIMEOUT).kind is WaitKind.SIGNAL


@pytest.mark.parametrize(
    ("number", "kind", "direction"),
    [
        (0, WaitKind.READ, "read"),
        (45, WaitKind.READ, "read"),
        (1, WaitKind.WRITE, "write"),
        (46, WaitKind.WRITE, "write"),
        (43, WaitKind.ACCEPT, "read"),
        (288, WaitKind.ACCEPT, "read"),
        (42, WaitKind.CONNECT, "write"),
        (73, WaitKind.FILE_LOCK, "write"),
    ],
)
def test_calls_on_one_descriptor(number: int, kind: WaitKind, direction: str) -> None:
    found = ask(number, 5)
    assert found.kind is kind
    assert [(each.fd, each.direction) for each in found.awaited] == [(5, direction)]


def test_copies_wait_for_both_ends() -> None:
    assert set(ask(40, 4, 5).awaited) == {Awaited(4, "write"), Awaited(5, "read")}
    assert set(ask(275, 4, 0, 5).awaited) == {Awaited(5, "write"), Awaited(4, "read")}


def test_fcntl_waits_only_for_locks() -> None:
    assert ask(72, 5, 7).kind is WaitKind.FILE_LOCK
    assert ask(72, 5, 38).kind is WaitKind.FILE_LOCK
    assert ask(72, 5, 6).kind is WaitKind.UNKNOWN


def test_poll_reads_the_array() -> None:
    entries = [(4, 0x1, 0), (-1, 0x1, 0), (5, 0x4, 0), (6, 0x5, 0), (7, 0, 0)]
    array = b"".join(struct.pack("<ihh", *entry) for entry in entries)
    found = ask(7, POINTER, len(entries), NO_TIMEOUT, memory=array)
    assert (found.kind, found.timed) == (WaitKind.POLL, False)
    assert [(each.fd, each.direction) for each in found.awaited] == [
        (4, "read"),
        (5, "write"),
        (6, "read"),
        (6, "write"),
        (7, "read"),
    ]
    assert all(each.polled for each in found.awaited)
    assert ask(7, POINTER, 1, 0, memory=array).timed
    assert not ask(271, POINTER, 1, 0, memory=array).timed
    assert ask(271, POINTER, 1, POINTER, memory=array).timed


def test_select_reads_the_bitmaps() -> None:
    memory = fd_set(3, 70) + fd_set(3) + fd_set(5)
    found = ask(270, 71, POINTER, POINTER + 128, POINTER + 256, 0, memory=memory)
    assert [(each.fd, each.direction) for each in found.awaited] == [
        (3, "read"),
        (70, "read"),
        (3, "write"),
        (5, "read"),
    ]
    below = ask(270, 70, POINTER, 0, 0, POINTER, memory=memory)
    assert [each.fd for each in below.awaited] == [3]  # 70 is beyond nfds
    assert below.timed


@given(st.sets(st.integers(0, 1023)))
def test_every_bit_of_a_set_is_found(fds: set[int]) -> None:
    found = ask(23, 1024, POINTER, 0, 0, POINTER, memory=fd_set(*fds))
    assert {each.fd for each in found.awaited} == fds


def test_unreadable_sets_are_said() -> None:
    for found in (ask(7, 0x9000, 3, NO_TIMEOUT), ask(270, 8, 0x9000, 0, 0, 0)):
        assert found.kind is WaitKind.POLL
        assert found.unknown is not None
    assert "too many" in (ask(7, POINTER, 1 << 20, NO_TIMEOUT).unknown or "")


@pytest.mark.parametrize(
    ("number", "args", "timed"),
    [
        (232, (4, POINTER, 10, NO_TIMEOUT), False),
        (232, (4, POINTER, 10, 100), True),
        (281, (4, POINTER, 10, 0xFFFFFFFFFFFFFFFF), False),
        (441, (4, POINTER, 10, 0), False),
        (441, (4, POINTER, 10, POINTER), True),
    ],
)
def test_epoll(number: int, args: tuple[int, ...], timed: bool) -> None:
    found = ask(number, *args)
    assert (found.kind, found.epoll, found.timed) == (WaitKind.POLL, 4, timed)


@pytest.mark.parametrize(
    ("number", "args", "children"),
    [
        (61, (77,), Children("pid", 77)),
        (61, (0xFFFFFFFF,), Children("any")),
        (61, (0,), Children("group", 0)),
        (61, (0xFFFFFFB3,), Children("group", 77)),
        (247, (0, 0, 0, 4), Children("any")),
        (247, (1, 77, 0, 4), Children("pid", 77)),
        (247, (2, 77, 0, 4), Children("group", 77)),
        (247, (3, 9, 0, 4), Children("pidfd", 9)),
    ],
)
def test_children(number: int, args: tuple[int, ...], children: Children) -> None:
    found = ask(number, *args)
    assert (found.kind, found.children) == (WaitKind.CHILD, children)


def test_waiting_for_a_child_to_stop_is_not_waiting_for_its_exit() -> None:
    assert ask(247, 0, 0, 0, 2).kind is WaitKind.UNKNOWN
    assert ask(247, 9, 0, 0, 4).kind is WaitKind.UNKNOWN


def test_signals() -> None:
    assert ask(34).kind is WaitKind.SIGNAL
    assert ask(130, POINTER).kind is WaitKind.SIGNAL
    assert not ask(128, POINTER, 0, 0).timed
    assert ask(128, POINTER, 0, POINTER).timed


def test_open_reads_the_path() -> None:
    found = ask(257, -100, POINTER, 0, memory=b"/tmp/fifo\0")
    assert found.opened == ("/tmp/fifo", None, "read")
    assert ask(257, 6, POINTER, 1, memory=b"fifo\0").opened == ("fifo", 6, "write")
    assert ask(2, POINTER, 1, memory=b"fifo\0").opened == ("fifo", None, "write")
    assert ask(257, -100, 0x9000).kind is WaitKind.UNKNOWN


@pytest.mark.parametrize("number", [426, 208, 65, 70, 16])
def test_waits_whose_parties_the_kernel_does_not_tell_are_unknown(number: int) -> None:
    found = ask(number, 1)
    assert found.kind is WaitKind.UNKNOWN
    assert found.unknown


@given(
    st.integers(0, 460),
    st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6),
    st.sampled_from([None, "futex_do_wait", "do_poll"]),
)
def test_no_arguments_make_it_fail(number: int, args: list[int], wchan: str | None) -> None:
    ask(number, *args, wchan=wchan)
