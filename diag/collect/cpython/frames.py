"""The Python frames of a blocked thread, as far as `with` statements need them."""

import struct
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

from diag.collect.cpython.exceptiontable import live_depth
from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.typenames import Types
from diag.collect.memory import Memory

MAX_FRAMES = 5000
MAX_STACK_SLOTS = 4096
MAX_TABLE_BYTES = 1 << 20
MAX_NAME_BYTES = 128
MAX_BLOCKS = 20  # CO_MAXBLOCKS
_TAG = 0b111  # of references on the stack, from 3.14 on
_U64 = struct.Struct("<Q")
_BLOCK = struct.Struct("<iii")  # type, handler, level


class FrameUnreadableError(Exception):
    """The frames are not laid out as expected."""


class Code(NamedTuple):
    """A code object: its name, and what the depth of its stack depends on."""

    address: int
    name: str
    locals: int
    stack_size: int
    table: bytes


class Frame(NamedTuple):
    """A frame.

    Attributes:
        code: what it runs.
        first_local: 0 if it has none.
        stack: the live part of its stack, bottom first.
        address: its own.
        globals: of its dict of globals.
        offset: of its current instruction, in bytes.

    """

    code: Code
    first_local: int
    stack: tuple[int, ...]
    address: int
    globals: int
    offset: int


# Code objects do not change: each is read once for all who share a look's knowledge of types.
_codes: WeakKeyDictionary[Types, dict[int, Code | None]] = WeakKeyDictionary()


class Frames:
    """Reads the frames of one process."""

    def __init__(self, memory: Memory, types: Types, layout: FrameLayout) -> None:
        self._memory = memory
        self._types = types
        self._layout = layout
        self._codes = _codes.setdefault(types, {})

    def of(self, thread_state: int) -> Iterator[Frame]:
        """Yield the frames of a thread, innermost first.

        Raises:
            FrameUnreadableError: they are not what they should be.
            MemoryUnreadableError: they cannot be read.

        """
        layout, memory = self._layout, self._memory
        address = memory.u64(thread_state + layout.current)
        if address and layout.current_in_cframe is not None:
            address = memory.u64(address + layout.current_in_cframe)
        for _ in range(MAX_FRAMES):
            if not address:
                return
            head = memory.read(address, layout.locals + 8)
            code = self._code(_U64.unpack_from(head, layout.code)[0] & ~_TAG)
            if code is not None:  # else a frame of C code
                yield self._frame(address, head, code)
            address = _U64.unpack_from(head, layout.previous)[0]
        raise FrameUnreadableError("its frames do not end")

    def at(self, address: int) -> Frame | None:
        """Return one frame, None if there is none.

        Raises:
            FrameUnreadableError: it is not what it should be.
            MemoryUnreadableError: it cannot be read.

        """
        head = self._memory.read(address, self._layout.locals + 8)
        code = self._code(_U64.unpack_from(head, self._layout.code)[0] & ~_TAG)
        return self._frame(address, head, code) if code is not None else None

    def top_of(self, frame: Frame) -> int:
        """Return what is on top of a suspended frame's stack, 0 if it is empty.

        A running frame has something of no meaning there.

        Raises:
            MemoryUnreadableError: it cannot be read.

        """
        layout, memory = self._layout, self._memory
        base = frame.address + layout.locals + 8 * frame.code.locals
        if layout.stack is not None:
            base = memory.u64(frame.address + layout.stack)
        if layout.top_is_pointer:
            depth = (memory.u64(frame.address + layout.top) - base) // 8
        else:
            depth = memory.i32(frame.address + layout.top)
            # From 3.11 to 3.13 the locals are counted too.
            depth -= frame.code.locals if layout.stack is None else 0
        if not 0 < depth <= frame.code.stack_size:
            return 0
        words = struct.unpack(f"<{depth}Q", memory.read(base, 8 * depth))
        slots = [slot & ~_TAG for slot in words]
        # On 3.15 a null lies above the awaited object.
        return next((slot for slot in slots[:-3:-1] if slot), 0)

    def _frame(self, address: int, head: bytes, code: Code) -> Frame:
        layout = self._layout
        if layout.stack is not None:
            base = _U64.unpack_from(head, layout.stack)[0]
            depth = self._block_level(address)
            offset = self._memory.i32(address + layout.last) * layout.last_unit
        else:
            base = address + layout.locals + 8 * code.locals
            instruction = _U64.unpack_from(head, layout.instruction)[0]
            offset = instruction - code.address - layout.first_instruction
            depth = live_depth(code.table, offset // 2)
        if not 0 <= depth <= code.stack_size:
            raise FrameUnreadableError("a value stack is deeper than its code allows")
        slots = struct.unpack(f"<{depth}Q", self._memory.read(base, 8 * depth)) if depth else ()
        return Frame(
            code=code,
            first_local=_U64.unpack_from(head, layout.locals)[0] & ~_TAG,
            stack=tuple(slot & ~_TAG for slot in slots),
            address=address,
            globals=_U64.unpack_from(head, layout.globals)[0] & ~_TAG,
            offset=offset,
        )

    def _block_level(self, address: int) -> int:
        """Return the highest level of an active block: what is beneath is live (3.9, 3.10)."""
        count = self._memory.i32(address + self._layout.blocks)
        if not 0 <= count <= MAX_BLOCKS:
            raise FrameUnreadableError("a frame has an impossible number of blocks")
        data = self._memory.read(address + self._layout.block_stack, count * _BLOCK.size)
        return max((level for _, _, level in _BLOCK.iter_unpack(data)), default=0)

    def _code(self, address: int) -> Code | None:
        if address not in self._codes:
            kind = self._types.of(address) if address else None
            is_code = kind is not None and kind.name == "code"
            self._codes[address] = self._read_code(address) if is_code else None
        return self._codes[address]

    def _read_code(self, address: int) -> Code:
        layout, memory = self._layout, self._memory
        stack_size = memory.i32(address + layout.code_stack_size)
        count = memory.i32(address + layout.code_locals) if layout.code_locals else 0
        if not (0 <= stack_size <= MAX_STACK_SLOTS and 0 <= count <= MAX_STACK_SLOTS):
            raise FrameUnreadableError("a code object has impossible sizes")
        table = b""
        if layout.code_table:
            bytes_object = memory.u64(address + layout.code_table)
            size = memory.u64(bytes_object + 16)
            if size > MAX_TABLE_BYTES:
                raise FrameUnreadableError("a code object has an impossible exception table")
            table = memory.read(bytes_object + 32, size)
        return Code(
            address,
            self._text(memory.u64(address + layout.code_name)),
            count,
            stack_size,
            table,
        )

    def _text(self, address: int) -> str:
        """Return a short compact ASCII string's text; any other gives something else."""
        return self._memory.c_string(address + self._layout.text, limit=MAX_NAME_BYTES)
