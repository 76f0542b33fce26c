"""`/proc/PID/maps`: what is mapped where in a process."""

import bisect
from pathlib import Path
from typing import NamedTuple

from diag.collect.memory import PROC


class Mapping(NamedTuple):
    """One line of `/proc/PID/maps` (proc(5)).

    Attributes:
        start: first address.
        end: first address after it.
        permissions: "rw-p".
        offset: of `start` in the file.
        device: "08:01".
        inode: 0 for anonymous memory.
        path: as the kernel writes it, "" for anonymous memory, " (deleted)" kept.

    """

    start: int
    end: int
    permissions: str
    offset: int
    device: str
    inode: int
    path: str

    @property
    def writable(self) -> bool:
        """Whether the process may write there."""
        return self.permissions[1] == "w"

    @property
    def shared(self) -> bool:
        """Whether writes are seen by other processes that map the same file."""
        return self.permissions[3] == "s"


class AddressSpace:
    """The mappings of one process, found by address."""

    def __init__(self, mappings: list[Mapping]) -> None:
        self.mappings = sorted(mappings)
        self._starts = [mapping.start for mapping in self.mappings]

    def find(self, address: int) -> Mapping | None:
        """Return the mapping that contains `address`, or None."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0 or address >= self.mappings[index].end:
            return None
        return self.mappings[index]


def parse_maps(text: str) -> AddressSpace:
    """Parse the text of `/proc/PID/maps`."""
    mappings = []
    for line in text.splitlines():
        fields = line.split(maxsplit=5)
        start, _, end = fields[0].partition("-")
        mappings.append(
            Mapping(
                start=int(start, 16),
                end=int(end, 16),
                permissions=fields[1],
                offset=int(fields[2], 16),
                device=fields[3],
                inode=int(fields[4]),
                path=fields[5] if len(fields) > 5 else "",
            )
        )
    return AddressSpace(mappings)


def read_maps(pid: int, *, proc_root: Path = PROC) -> AddressSpace:
    """Read the mappings of a process.

    Raises:
        OSError: the process is gone or may not be read.

    """
    path = proc_root / str(pid) / "maps"
    return parse_maps(path.read_text(encoding="utf-8", errors="surrogateescape"))
