"""How a process ended, told after its parent has collected it."""

import platform
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from diag.collect.endings import Endings
from diag.collect.tree import read_stat
from diag.model.ids import ProcessId

KERNEL = tuple(int(part) for part in platform.release().split(".")[:2])
tells = pytest.mark.skipif(KERNEL < (6, 15), reason="PIDFD_INFO_EXIT is of Linux 6.15")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sh"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def id_of(process: subprocess.Popen[bytes]) -> ProcessId:
    return ProcessId(pid=process.pid, start_ticks=read_stat(process.pid).start_ticks)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@tells
@pytest.mark.parametrize(
    ("command", "status"), [(b"exit 3", 3 << 8), (b"kill -KILL $$", signal.SIGKILL), (b"", 0)]
)
def test_the_status_is_told_once(
    child: subprocess.Popen[bytes], command: bytes, status: int
) -> None:
    with closing(Endings()) as endings:
        seen = id_of(child)
        endings.follow([seen])
        assert list(endings.of_those_gone([seen])) == []
        child.communicate(command)
        assert [(each.id, each.exit_status) for each in endings.of_those_gone([])] == [
            (seen, status)
        ]
        assert list(endings.of_those_gone([])) == []


def test_who_only_left_the_tree_has_not_ended(child: subprocess.Popen[bytes]) -> None:
    with closing(Endings()) as endings:
        endings.follow([id_of(child)])
        assert list(endings.of_those_gone([])) == []


def test_a_number_that_is_another_s_is_not_followed(child: subprocess.Popen[bytes]) -> None:
    before = descriptors()
    with closing(Endings()) as endings:
        endings.follow([ProcessId(pid=child.pid, start_ticks=1)])
        assert descriptors() == before


def test_nothing_stays_open(child: subprocess.Popen[bytes]) -> None:
    before = descriptors()
    with closing(Endings()) as endings:
        endings.follow([id_of(child)])
        assert descriptors() == before + 1
    assert descriptors() == before
