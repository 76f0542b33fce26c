"""How much of each process may be read, and by way of which `/proc`."""

from pathlib import Path
from typing import NamedTuple

from diag.collect.memory import DEFAULT_MAX_BYTES, DEFAULT_MAX_S, PROC, Memory


class Access(NamedTuple):
    """How processes may be read: where `/proc` is, and the allowance for each."""

    proc_root: Path = PROC
    max_bytes: int = DEFAULT_MAX_BYTES
    max_s: float = DEFAULT_MAX_S

    def memory(self, pid: int) -> Memory:
        """Open a process's memory.

        Raises:
            MemoryUnreadableError: it is gone or may not be read.

        """
        return Memory(pid, proc_root=self.proc_root, max_bytes=self.max_bytes, max_s=self.max_s)
