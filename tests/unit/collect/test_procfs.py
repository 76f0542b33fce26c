import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.collect.procfs import parse_stat, parse_status, parse_syscall
from tests.unit.collect.fake_proc import stat_line, status_text


@pytest.mark.parametrize("name", ["python", ") R (", "a\nb", "", "((", "1 (x) Z 5", "é\x1b[31m"])
def test_a_hostile_name_does_not_shift_the_fields(name: str) -> None:
    line = stat_line(77, name=name, state="D", parent=5, flags=0x40, start=99, exit_code=256)
    stat = parse_stat(line.encode())
    assert stat.name == name
    assert (stat.tid, stat.state, stat.parent_pid) == (77, "D", 5)
    assert (stat.flags, stat.start_ticks, stat.exit_code) == (0x40, 99, 256)
    assert (stat.user_ticks, stat.system_ticks) == (7, 8)


@given(st.binary(max_size=15))
def test_any_bytes_may_be_a_name(name: bytes) -> None:
    line = stat_line(1, name="@").encode().replace(b"@", name)
    stat = parse_stat(line)
    assert stat.start_ticks == 1000
    stat.name.encode()  # a surrogate could not be written to a recording


def test_a_short_stat_is_refused_with_its_text() -> None:
    with pytest.raises(ValueError, match="1 \\(x\\) S"):
        parse_stat(b"1 (x) S 1 2")


def test_status_takes_the_namespaces_from_outside_in() -> None:
    status = parse_status(status_text(300, 12, 1, uid=1000, switches=(40, 3)).encode())
    assert status.pids == (300, 12, 1)
    assert status.uid == 1000  # not the 9 that the name pretends
    assert status.signals_caught == 2
    assert status.rss_bytes == 1234 * 1024
    assert (status.voluntary_switches, status.involuntary_switches) == (40, 3)


def test_status_of_a_zombie_lacks_memory() -> None:
    status = parse_status(b"Name:\tx\nUid:\t5\t5\t5\t5\n")
    assert status.rss_bytes is None
    assert status.signals_caught is None
    assert status.uid == 5


@given(st.dictionaries(st.sampled_from(["Threads", "VmSize"]), st.integers(0), max_size=2))
def test_status_ignores_other_fields(extra: dict[str, int]) -> None:
    lines = "".join(f"{key}:\t{value}\n" for key, value in extra.items())
    text = "Name:\tx\n" + lines + "NSpid:\t4\t2\n"
    assert parse_status(text.encode()).pids == (4, 2)


def test_syscall_in_its_three_forms() -> None:
    assert parse_syscall(b"running\n") is None
    outside = parse_syscall(b"-1 0x7ffd10 0x55aa\n")
    assert outside is not None
    assert (outside.number, outside.args, outside.stack_pointer) == (-1, (), 0x7FFD10)
    inside = parse_syscall(b"61 0xffffffff 0x1 0x2 0x3 0x4 0x5 0x7ffd10 0x55aa\n")
    assert inside is not None
    assert inside.number == 61
    assert inside.args == (0xFFFFFFFF, 1, 2, 3, 4, 5)
    assert inside.program_counter == 0x55AA


@given(st.binary(max_size=60))
def test_a_damaged_syscall_is_refused_or_read(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        parse_syscall(data)
