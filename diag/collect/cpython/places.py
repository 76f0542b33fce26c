"""Names the places of frames in the terms of a program: function, file, line."""

from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.frames import MAX_TABLE_BYTES, Frame
from diag.collect.cpython.lines import line_of
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory
from diag.model import stack as model

_UNKNOWN = "?"
_BYTES_SIZE, _BYTES_DATA = 16, 32


class Places:
    """Names the frames of one process; each code object is read once."""

    def __init__(
        self, memory: Memory, values: Values, layout: FrameLayout, version: tuple[int, int]
    ) -> None:
        self._memory = memory
        self._values = values
        self._layout = layout
        self._version = version
        self._known: dict[int, tuple[str, str, int, bytes]] = {}

    def of(self, frame: Frame) -> model.Frame:
        """Return a frame as stacks have it.

        Raises:
            MemoryUnreadableError: it cannot be read.

        """
        function, file, first_line, table = self._facts(frame)
        line = line_of(table, first_line, frame.offset, self._version)
        return model.Frame(function=function, file=file, line=line)

    def file_of(self, frame: Frame) -> str:
        """Return the path of a frame's code."""
        return self._facts(frame)[1]

    def _facts(self, frame: Frame) -> tuple[str, str, int, bytes]:
        address = frame.code.address
        if address not in self._known:
            self._known[address] = self._read(address)
        return self._known[address]

    def file_of_code(self, address: int) -> str:
        """Return the path of a code object."""
        if address not in self._known:
            self._known[address] = self._read(address)
        return self._known[address][1]

    def _read(self, code: int) -> tuple[str, str, int, bytes]:
        layout, memory = self._layout, self._memory
        named = layout.code_name if self._version <= (3, 10) else layout.code_qualified_name
        table = memory.u64(code + layout.code_lines)
        size = min(memory.u64(table + _BYTES_SIZE), MAX_TABLE_BYTES)
        return (
            self._values.text(memory.u64(code + named)) or _UNKNOWN,
            self._values.text(memory.u64(code + layout.code_file)) or _UNKNOWN,
            memory.i32(code + layout.code_first_line),
            memory.read(table + _BYTES_DATA, size),
        )
