"""Threads without a Python thread state: what is sure about them.

Such a thread can release a lock of Python only by entering the interpreter, which
code of Python, of an extension module or of ctypes does. What it will do next stands
on its stack: every active function but the innermost has a return address there. So
if all words of its stack that point to code point to libraries that enter nothing,
it will go on without Python. (Words of finished calls are still there: that may take
a harmless thread for another one, never the reverse.)
"""

import re
import struct

from diag.collect.cpython.locks import Interior
from diag.collect.cpython.parking import awaited_address
from diag.collect.cpython.pthread import tid_at
from diag.collect.cpython.watchdog import watchdog
from diag.collect.memory import MemoryBudgetError, MemoryUnreadableError
from diag.model.native import Native
from diag.model.thread import Thread
from diag.model.wait import WaitKind

MAX_STACK_BYTES = 256 << 10
# Part of every stack.
_SYSTEM = re.compile(r"\[vdso\]|(?:libc|libpthread|libm|ld-linux-x86-64|libgcc_s|libstdc\+\+)[-.]")
# Allocators, and pools of threads: these run functions of others only while somebody in
# the process waits for that, and then those are on the stack.
_CONTAINED = re.compile(
    r"lib(?:jemalloc|tcmalloc|mimalloc|gomp|iomp5|omp|openblas|scipy_openblas|blis|mkl_\w+)[-._\d]"
)
_WAITS = frozenset((WaitKind.SLEEP, WaitKind.LOCK))


def native(interior: Interior, runtime: int, thread: Thread) -> Native:
    """Return what is sure about a blocked thread without a thread state.

    Args:
        interior: its process.
        runtime: address of `_PyRuntime`.
        thread: as it was swept.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    if thread.syscall is None or thread.wait.kind not in _WAITS:
        return Native()
    try:
        return _watchdog(interior, runtime, thread) or _inside_libraries(interior, thread)
    except MemoryBudgetError:
        raise
    except MemoryUnreadableError:
        return Native()


def _watchdog(interior: Interior, runtime: int, thread: Thread) -> Native | None:
    futex, call = thread.wait.futex, thread.syscall
    if futex is None or call is None or not thread.wait.timed:
        return None
    memory, space = interior.memory, interior.space
    parked = awaited_address(memory, space, call.stack_pointer, futex.address)
    return watchdog(memory, space, runtime, parked or futex.address)


def _inside_libraries(interior: Interior, thread: Thread) -> Native:
    files = _files_on_stack(interior, thread)
    if files is None:
        return Native()
    contained = sorted(name for name in files if _CONTAINED.match(name))
    if any(not _SYSTEM.match(name) and not _CONTAINED.match(name) for name in files):
        return Native()
    return Native(role=f"a thread of {contained[0] if contained else 'libc'}", harmless=True)


def _files_on_stack(interior: Interior, thread: Thread) -> set[str] | None:
    """Return the names of the files whose code a thread's stack points to.

    None if the stack has no end that is known: it may be one of several.
    """
    memory, space, call = interior.memory, interior.space, thread.syscall
    mapping = space.find(call.stack_pointer) if call is not None else None
    if call is None or mapping is None:
        return None
    begin = call.stack_pointer & ~7
    size = min(mapping.end - begin, MAX_STACK_BYTES)
    files = {_file(interior, call.program_counter)}
    for at, (word,) in enumerate(struct.iter_unpack("<Q", memory.read(begin, size & ~7))):
        address = begin + 8 * at
        if word == address and tid_at(memory, address) == (thread.inner_tid or thread.tid):
            return {file for file in files if file is not None}
        files.add(_file(interior, word))
    return None


def _file(interior: Interior, address: int) -> str | None:
    mapping = interior.space.find(address)
    if mapping is None or mapping.permissions[2] != "x":
        return None
    return mapping.path.rpartition("/")[2] or "code without a file"
