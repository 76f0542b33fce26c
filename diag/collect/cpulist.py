"""Lists of CPUs as the kernel writes them: "0-3,8" (cpuset(7), "List format")."""

import re
from pathlib import Path

_MOST_CPUS = 1 << 16  # far above the kernel's CONFIG_NR_CPUS


class CpuListError(Exception):
    """A list of CPUs that is not one."""


def parse_cpu_list(text: str, source: Path) -> frozenset[int]:
    """Return the CPUs of a list; `source` is named in errors.

    Raises:
        CpuListError: the text is no list, or empty.

    """
    cpus: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", part)
        if match is None:
            raise CpuListError(f"{source}: {text[:40]!r} is no list of CPUs")
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < _MOST_CPUS:
            raise CpuListError(f"{source}: {text[:40]!r} is no list of CPUs")
        cpus.update(range(first, last + 1))
    return frozenset(cpus)
