"""Facts about the machine from a copied tree."""

from pathlib import Path

import pytest

from diag.collect.host import read_host
from tests.unit.collect.trees import write

FILES = {
    "proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
    "proc/meminfo": "MemTotal:       16000000 kB\nMemFree: 1 kB\n",
    "sys/devices/system/cpu/online": "0-2,5\n",
}


def test_facts(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, "proc/sys/kernel/yama/ptrace_scope": "1\n"})
    host = read_host(root=tmp_path)
    assert (host.kernel, host.cpus, host.memory_bytes) == ("6.1.0-18-amd64", 4, 16_000_000 * 1024)
    assert host.ptrace_scope == 1
    assert host.clock_ticks_per_s > 0


def test_a_kernel_without_yama(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    assert read_host(root=tmp_path).ptrace_scope is None


def test_nonsense_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, "proc/meminfo": "MemFree: 1 kB\n"})
    with pytest.raises(ValueError, match="MemTotal"):
        read_host(root=tmp_path)


def test_without_sysfs_the_cpus_are_counted_in_proc(tmp_path: Path) -> None:
    files = {**FILES, "proc/stat": "cpu  9 9\ncpu0 1 2\ncpu1 3 4\nintr 5\n"}
    del files["sys/devices/system/cpu/online"]
    write(tmp_path, files)
    assert read_host(root=tmp_path).cpus == 2
