"""Facts about the machine that a recording needs to be judged elsewhere."""

import os
import re
from pathlib import Path

from diag.collect.access import ptrace_scope
from diag.collect.cpulist import parse_cpu_list
from diag.model.host import Host

ROOT = Path("/")


def read_host(*, root: Path = ROOT) -> Host:
    """Read the facts about the machine.

    What no file tells (architecture, clock tick, page size) is asked of the running system,
    so a copied tree should come from a machine of the same kind.

    Raises:
        OSError: `/proc` is not mounted.
        CpuListError, ValueError: a file there is not understood.

    """
    return Host(
        kernel=_read(root / "proc/sys/kernel/osrelease"),
        machine=os.uname().machine,
        cpus=_cpus(root),
        memory_bytes=_memory_bytes(_read(root / "proc/meminfo")),
        clock_ticks_per_s=os.sysconf("SC_CLK_TCK"),
        page_bytes=os.sysconf("SC_PAGE_SIZE"),
        ptrace_scope=ptrace_scope(root / "proc"),
    )


def _cpus(root: Path) -> int:
    """Return how many CPUs are online; a container, or a chroot, may have no `/sys`."""
    online = root / "sys/devices/system/cpu/online"
    try:
        text = _read(online)
    except OSError:
        return len(re.findall(r"^cpu[0-9]+ ", _read(root / "proc/stat"), re.MULTILINE))
    return len(parse_cpu_list(text, online))


def _memory_bytes(meminfo: str) -> int:
    for line in meminfo.splitlines():
        name, _, value = line.partition(":")
        if name == "MemTotal":
            return int(value.split()[0]) * 1024
    raise ValueError("meminfo has no MemTotal")


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()
