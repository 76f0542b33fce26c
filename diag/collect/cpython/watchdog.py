"""The thread of faulthandler.dump_traceback_later: it dumps stacks, and runs no Python.

Modules/faulthandler.c keeps one record in the data of the interpreter, and its thread
sleeps on the lock `cancel_event` in there (measured on 3.9 to 3.15):

    file*, fd, timeout i64, repeat i32, interp*, exit i32, header*, its length,
    3.15: max_threads, cancel_event*, running*

The header is what it will print first: "Timeout (0:00:05)!".
"""

import re
import struct

from diag.collect.maps import AddressSpace, Mapping
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError
from diag.model.native import Native

ROLE = "faulthandler's watchdog"
MAX_BYTES = 8 << 20
_HEADER = re.compile(rb"Timeout \(\d+:\d\d:\d\d(?:\.\d{6})?\)!\n")
_FACTS = struct.Struct("<i4xQQ")  # exit, header, length
_BETWEEN = (0, 8)  # bytes between these and cancel_event: max_threads


def watchdog(memory: Memory, space: AddressSpace, runtime: int, lock: int) -> Native | None:
    """Return the watchdog, if it is what sleeps on a lock of the interpreter in C.

    Args:
        memory: of the process.
        space: its mappings.
        runtime: address of `_PyRuntime`.
        lock: the `PyThread_type_lock` that the thread sleeps on.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    needle = lock.to_bytes(8, "little")
    for mapping in _data(space, runtime):
        try:
            data = memory.read(mapping.start, mapping.end - mapping.start)
        except MemoryBudgetError:
            raise
        except MemoryUnreadableError:
            continue
        at = data.find(needle)
        while at >= 0:
            for between in _BETWEEN:
                found = _record(memory, data, at - between - _FACTS.size) if at % 8 == 0 else None
                if found is not None:
                    return found
            at = data.find(needle, at + 1)
    return None


def _data(space: AddressSpace, runtime: int) -> list[Mapping]:
    """Return the writable mappings of the interpreter's image: its data, and what begins as 0."""
    own = space.find(runtime)
    if own is None:
        return []
    found = [own]
    for mapping in space.mappings:
        if mapping.writable and mapping.start == found[-1].end:
            found.append(mapping)
    return [mapping for mapping in found if mapping.end - mapping.start <= MAX_BYTES]


def _record(memory: Memory, data: bytes, at: int) -> Native | None:
    if at < 0:
        return None
    ends_process, header, length = _FACTS.unpack_from(data, at)
    if length > len("Timeout (99999:00:00.000000)!\n"):
        return None
    try:
        text = memory.read(header, length) if length else b""
    except MemoryBudgetError:
        raise
    except MemoryUnreadableError:
        return None
    if not _HEADER.fullmatch(text):
        return None
    return Native(role=ROLE, harmless=True, ends_process=ends_process != 0)
