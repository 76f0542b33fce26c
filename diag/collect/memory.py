"""Bounded reads of another process's memory, without stopping it."""

import os
import struct
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PROC = Path("/proc")
DEFAULT_MAX_BYTES = 256 * 1024 * 1024
DEFAULT_MAX_S = 5.0

_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")
_U64 = struct.Struct("<Q")


class MemoryUnreadableError(Exception):
    """An address that is not mapped, or a target that may not be read."""


class MemoryBudgetError(MemoryUnreadableError):
    """The bytes or the time allowed for one process are used up."""


class Memory:
    """The memory of one process, read through `/proc/PID/mem` (proc(5)).

    Little-endian, 64-bit. Use as a context manager. Every read counts against
    `max_bytes`, and none starts later than `max_s` after opening, so that one
    large or hostile process cannot hold up the report of the others.

    Raises:
        MemoryUnreadableError: on opening or reading.

    """

    def __init__(
        self,
        pid: int,
        *,
        proc_root: Path = PROC,
        max_bytes: int = DEFAULT_MAX_BYTES,
        max_s: float = DEFAULT_MAX_S,
    ) -> None:
        self.pid = pid
        self._left = max_bytes
        self._until_s = time.monotonic() + max_s
        try:
            self._fd = os.open(proc_root / str(pid) / "mem", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise MemoryUnreadableError(f"memory of {pid}: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptor back; reading afterwards is an error."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def read(self, address: int, size: int) -> bytes:
        """Return exactly `size` bytes at `address`."""
        self._left -= size
        if self._left < 0:
            raise MemoryBudgetError(f"more than the allowed bytes were read of {self.pid}")
        if time.monotonic() > self._until_s:
            raise MemoryBudgetError(f"reading {self.pid} took longer than allowed")
        try:
            data = os.pread(self._fd, size, address)
        except (OSError, OverflowError) as error:
            raise MemoryUnreadableError(f"{self.pid}: {size} bytes at {address:#x}") from error
        if len(data) != size:
            raise MemoryUnreadableError(f"{self.pid}: {size} bytes at {address:#x}: short read")
        return data

    def u8(self, address: int) -> int:
        """Return the byte at `address`."""
        return self.read(address, 1)[0]

    def u32(self, address: int) -> int:
        """Return the unsigned 32-bit word at `address`."""
        value: int = _U32.unpack(self.read(address, 4))[0]
        return value

    def i32(self, address: int) -> int:
        """Return the signed 32-bit word at `address`."""
        value: int = _I32.unpack(self.read(address, 4))[0]
        return value

    def u64(self, address: int) -> int:
        """Return the unsigned 64-bit word at `address`."""
        value: int = _U64.unpack(self.read(address, 8))[0]
        return value

    def c_string(self, address: int, *, limit: int = 256) -> str:
        """Return the zero-terminated string at `address`, at most `limit` bytes of it.

        Bytes that are not UTF-8 are replaced.
        """
        for size in (min(limit, 4096 - address % 4096), limit):
            head, zero, _ = self.read(address, size).partition(b"\0")
            if zero or size == limit:
                return head.decode("utf-8", "replace")
        raise AssertionError("unreachable: the last size is the limit")
