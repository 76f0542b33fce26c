"""Where CPython keeps what, version by version (x86-64, ordinary builds).

The numbers were measured on 3.9.18, 3.10.13, 3.11.7, 3.12.1, 3.13.0, 3.14.10
and 3.15.2. From 3.13 on the interpreter publishes most of them itself, in
`_Py_DebugOffsets` at the head of `_PyRuntime` (Include/internal/
pycore_debug_offsets.h), and then those are used. A table is a proposal:
`diag.collect.cpython.runtime` checks it against the process before any use.
"""

import struct
from dataclasses import dataclass, replace
from typing import Any

from diag.collect.memory import Memory

COOKIE = b"xdebugpy"  # the first eight bytes of _PyRuntime from 3.13 on

# PyObject and PyTypeObject, the same on every version (Include/object.h)
OBJECT_TYPE = 8
TYPE_NAME = 24
TYPE_BASIC_SIZE = 32
TYPE_FLAGS = 168
TYPE_BASE = 256

# struct _gil_runtime_state (Include/internal/pycore_gil.h), on every version
GIL_BYTES = 208
GIL_HOLDER = 8
GIL_LOCKED = 16
GIL_SWITCH_NUMBER = 24
GIL_HEAD_BYTES = 32

# Lock objects: see `diag.collect.cpython.locks`
LOCK_POINTER = 16  # _thread.lock, _thread.RLock, SimpleQueue: the semaphore's address
BUFFER_POINTER = 104  # _io.Buffered*: the same
LOCK_STATE = 32
RLOCK_OWNER = 24
BUFFER_OWNER = 112


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Byte offsets of one version.

    Attributes:
        interpreters_head: in `_PyRuntime`.
        interpreter_next: in `PyInterpreterState`.
        threads_head: in `PyInterpreterState`.
        gil: of the GIL in `_PyRuntime`, or of the pointer to it in the
            interpreter state.
        gil_in_runtime: which of the two.
        ident: in `PyThreadState`.
        serial: in `PyThreadState`: its `id`, counted up from 1 by each interpreter.
        native_id: in `PyThreadState`, None before 3.11.
        join_parks: join and SimpleQueue wait in the parking lot (3.13).
        lock_parks: so do Lock and RLock (3.14).
        buffer_parks: so does the lock of buffered files (3.15).

    """

    interpreters_head: int
    interpreter_next: int
    threads_head: int
    gil: int
    gil_in_runtime: bool = False
    ident: int
    serial: int
    native_id: int | None = None
    join_parks: bool = False
    lock_parks: bool = False
    buffer_parks: bool = False


TABLES: dict[tuple[int, int], Layout] = {
    (3, 9): Layout(
        interpreters_head=0x20,
        interpreter_next=0,
        threads_head=8,
        gil=0x160,
        gil_in_runtime=True,
        ident=176,
        serial=256,
    ),
    (3, 10): Layout(
        interpreters_head=0x20,
        interpreter_next=0,
        threads_head=8,
        gil=0x160,
        gil_in_runtime=True,
        ident=176,
        serial=256,
    ),
    (3, 11): Layout(
        interpreters_head=0x28,
        interpreter_next=0,
        threads_head=0x10,
        gil=0x168,
        gil_in_runtime=True,
        ident=152,
        serial=240,
        native_id=160,
    ),
    (3, 12): Layout(
        interpreters_head=0x28,
        interpreter_next=0,
        threads_head=0x48,
        gil=0x180,
        ident=136,
        serial=224,
        native_id=144,
    ),
    (3, 13): Layout(
        interpreters_head=0x278,
        interpreter_next=0x1C60,
        threads_head=0x1CB0,
        gil=0x10,
        ident=152,
        serial=224,
        native_id=160,
        join_parks=True,
    ),
    (3, 14): Layout(
        interpreters_head=0x328,
        interpreter_next=0x1C68,
        threads_head=0x1CB0,
        gil=0x10,
        ident=152,
        serial=224,
        native_id=160,
        join_parks=True,
        lock_parks=True,
    ),
    (3, 15): Layout(
        interpreters_head=0x3A8,
        interpreter_next=0x1C60,
        threads_head=0x1CA8,
        gil=0x10,
        ident=176,
        serial=248,
        native_id=184,
        join_parks=True,
        lock_parks=True,
        buffer_parks=True,
    ),
}

# Which 8-byte word of `_Py_DebugOffsets` holds which field.
_DEBUG_WORDS: dict[tuple[int, int], dict[str, int]] = {
    (3, 13): {"gil": 14, "ident": 24, "native_id": 25},
    (3, 14): {"gil": 15, "ident": 27, "native_id": 28},
    (3, 15): {"gil": 15, "ident": 30, "native_id": 31},
}
_DEBUG_WORDS_OF_ALL = {"interpreters_head": 5, "interpreter_next": 8, "threads_head": 9}
_OFFSET_LIMIT = 1 << 20  # the largest of these structures has about 300 kB


def layout_of(version: tuple[int, int], memory: Memory, runtime: int) -> Layout | None:
    """Return the layout of a version, None if it is not known.

    Args:
        version: (3, 12).
        memory: of the process.
        runtime: address of its `_PyRuntime`.

    Raises:
        MemoryUnreadableError: `_PyRuntime` cannot be read.

    """
    table = TABLES.get(version)
    if table is None or version not in _DEBUG_WORDS:
        return table
    offsets = published(memory, runtime, _DEBUG_WORDS_OF_ALL | _DEBUG_WORDS[version])
    return None if offsets is None else replace(table, **offsets)


def published(memory: Memory, runtime: int, words: dict[str, int]) -> dict[str, Any] | None:
    """Return fields of `_Py_DebugOffsets`, None if they cannot be what they should be.

    Args:
        memory: of the process.
        runtime: address of its `_PyRuntime`.
        words: name of a field -> index of its 8-byte word.

    Raises:
        MemoryUnreadableError: `_PyRuntime` cannot be read.

    """
    values = struct.unpack("<64Q", memory.read(runtime, 512))
    offsets = {field: values[index] for field, index in words.items()}
    # A pre-release may publish something else.
    return offsets if max(offsets.values()) < _OFFSET_LIMIT else None
