"""Memories that tests write themselves: of a small process, and of a hostile one."""

import hashlib
import struct
from dataclasses import dataclass, field

from diag.collect.cpython.layout import TABLES, Layout
from diag.collect.cpython.pthread import TID
from diag.collect.maps import AddressSpace, parse_maps
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

PID = 4242
HEAP = 0x10_0000
HEAP_BYTES = 0x10_0000
STACK = 0x7000_0000
STACK_BYTES = 0x1_0000
RUNTIME = HEAP
INTERPRETER = HEAP + 0x1000
GIL = HEAP + 0x3000
TYPES = HEAP + 0x1_0000
NAMES = HEAP + 0x2_0000
OBJECTS = HEAP + 0x3_0000
PTHREADS = HEAP + 0x8_0000
MAIN_TID = PID


class FakeMemory(Memory):
    """Two zeroed regions that a test fills; everything else is not mapped."""

    def __init__(self, max_reads: int = 100_000) -> None:
        self.pid = PID
        self.reads_left = max_reads
        self.closed_page = 0
        self.regions = {HEAP: bytearray(HEAP_BYTES), STACK: bytearray(STACK_BYTES)}

    def close(self) -> None:
        """There is nothing to give back."""

    def read(self, address: int, size: int) -> bytes:
        self.reads_left -= 1
        if self.reads_left < 0:
            raise MemoryBudgetError("too many reads")
        if address < self.closed_page + 4096 and self.closed_page < address + size:
            raise MemoryUnreadableError(f"{self.closed_page:#x} is closed")
        for start, region in self.regions.items():
            if start <= address and address + size <= start + len(region):
                return bytes(region[address - start : address - start + size])
        raise MemoryUnreadableError(f"{size} bytes at {address:#x}")

    def put(self, address: int, data: bytes) -> None:
        for start, region in self.regions.items():
            if start <= address < start + len(region):
                region[address - start : address - start + len(data)] = data
                return
        raise AssertionError(f"{address:#x} is not mapped")

    def put_words(self, address: int, *words: int) -> None:
        self.put(address, struct.pack(f"<{len(words)}Q", *words))


class HostileMemory(Memory):
    """Every address is mapped, with bytes that depend on a seed; never the same object twice."""

    def __init__(self, seed: int, max_reads: int = 3000) -> None:
        self.pid = PID
        self.seed = seed
        self.reads_left = max_reads

    def close(self) -> None:
        """There is nothing to give back."""

    def read(self, address: int, size: int) -> bytes:
        self.reads_left -= 1
        if self.reads_left < 0:
            raise MemoryBudgetError("too many reads")
        if not 0 <= address < 1 << 47:
            raise MemoryUnreadableError("not an address")
        words = (size + 15) // 8 + 1
        first = address // 8
        data = b"".join(self._word(first + index) for index in range(words))
        return data[address % 8 : address % 8 + size]

    def _word(self, index: int) -> bytes:
        digest = hashlib.blake2b(f"{self.seed}:{index}".encode(), digest_size=9).digest()
        if digest[8] % 2:  # half of the words are pointers to where there is more
            return struct.pack("<Q", STACK + int.from_bytes(digest[:2], "little") * 8)
        return digest[:8] if digest[8] % 4 else struct.pack("<Q", digest[0])


def space() -> AddressSpace:
    return parse_maps(
        f"{HEAP:x}-{HEAP + HEAP_BYTES:x} rw-p 00000000 00:00 0 [heap]\n"
        f"{STACK:x}-{STACK + STACK_BYTES:x} rw-p 00000000 00:00 0 [stack]\n"
    )


@dataclass
class World:
    """A process with an interpreter and objects, of one version."""

    version: tuple[int, int] = (3, 12)
    memory: FakeMemory = field(default_factory=FakeMemory)
    types: dict[str, int] = field(default_factory=dict)
    objects: int = 0

    @property
    def layout(self) -> Layout:
        return TABLES[self.version]

    def interpreter(self, *threads: tuple[int, int]) -> None:
        """Write an interpreter with threads (ident, native id)."""
        layout, memory = self.layout, self.memory
        memory.put_words(RUNTIME + layout.interpreters_head, INTERPRETER)
        states = [HEAP + 0x4000 + 0x200 * index for index in range(len(threads))]
        memory.put_words(INTERPRETER + layout.threads_head, *states[:1])
        for index, (ident, native) in enumerate(threads):
            before = states[index - 1] if index else 0
            after = states[index + 1] if index + 1 < len(states) else 0
            memory.put_words(states[index], before, after, INTERPRETER)
            memory.put_words(states[index] + layout.ident, ident)
            memory.put_words(states[index] + layout.serial, len(threads) - index)
            if layout.native_id is not None:
                memory.put_words(states[index] + layout.native_id, native)
        if not layout.gil_in_runtime:
            memory.put_words(INTERPRETER + layout.gil, GIL)
        memory.put_words(self.gil, 5000, states[0] if states else 0, 1, 7)

    @property
    def gil(self) -> int:
        return RUNTIME + self.layout.gil if self.layout.gil_in_runtime else GIL

    def pthread(self, number: int, tid: int) -> int:
        """Write a `struct pthread`; return its address, the ident."""
        ident = PTHREADS + 0x1000 * number
        self.memory.put_words(ident, ident, 0, ident)
        self.memory.put(ident + TID, struct.pack("<I", tid))
        return ident

    def type(self, name: str, base: str | None = None, size: int = 160) -> int:
        """Write a type; return its address."""
        if name not in self.types:
            index = len(self.types)
            address, text = TYPES + 0x200 * index, NAMES + 0x80 * index
            self.types[name] = address
            meta = address if name == "type" else self.type("type")
            self.memory.put(text, name.encode() + b"\0")
            self.memory.put_words(address, 1, meta, 0, text, size)
            self.memory.put_words(address + 256, self.type(base) if base else 0)
        return self.types[name]

    def object(self, type_name: str, *words: int, count: int = 1, base: str | None = None) -> int:
        """Write an object with the given words after its head; return its address."""
        address = OBJECTS + 0x200 * self.objects
        self.objects += 1
        self.memory.put_words(address, count, self.type(type_name, base), *words)
        return address
