"""The interpreter's own list of its threads, and its GIL, checked before it is trusted.

The layout tables are checked against the process itself: the thread states
must form a doubly linked list whose members point back to their interpreter,
every ident must be the address of a `struct pthread`, and what this says must be
a thread of the process, in agreement with the interpreter's own note of the
kernel's thread id. A table for another build fails at least one of these.
"""

import struct
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import pairwise

from diag.collect.cpython.layout import (
    GIL_HEAD_BYTES,
    GIL_HOLDER,
    GIL_LOCKED,
    GIL_SWITCH_NUMBER,
    Layout,
)
from diag.collect.cpython.pthread import tid_at
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError
from diag.model.process import Gil

ATTEMPTS = 5
PAUSE_S = 0.002
GIL_ATTEMPTS = 10
MAX_INTERPRETERS = 256
MAX_THREADS = 20_000

# PyThreadState begins with prev, next, interp on every version (cpython/pystate.h).
_LINKS = struct.Struct("<QQQ")
_U64 = struct.Struct("<Q")


class RuntimeMismatchError(Exception):
    """The memory is not laid out as the tables say, or changes too fast to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadState:
    """A `PyThreadState`.

    Attributes:
        address: of the structure.
        ident: pthread id, 0 while the thread is being started.
        serial: its number among all that its interpreter ever had, from 1.
        native_id: kernel thread id as the interpreter noted it, None before 3.11.

    """

    address: int
    ident: int
    serial: int
    native_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A running interpreter, as far as locks need it.

    Attributes:
        layout: its layout, checked.
        idents: live threads: pthread id -> inner kernel thread id.
        dead_idents: threads that a fork left behind in its list.
        gil: of the main interpreter.
        gils: addresses of the GILs of all interpreters.
        states: thread states of the live threads.
        first_idents: those of `idents` that no earlier thread of Python can have had.

    """

    layout: Layout
    idents: dict[int, int]
    dead_idents: tuple[int, ...]
    gil: Gil | None
    gils: tuple[int, ...]
    states: tuple[ThreadState, ...] = ()
    first_idents: frozenset[int] = frozenset()


def read_runtime(
    memory: Memory,
    runtime: int,
    layout: Layout,
    inner_tids: Callable[[], frozenset[int]],
    *,
    forked: bool,
) -> Runtime:
    """Read and check an interpreter; a process that runs meanwhile is read again.

    Args:
        memory: of the process.
        runtime: address of `_PyRuntime`.
        layout: the table to check.
        inner_tids: gives the thread ids that the process has now.
        forked: whether the process was forked and did not exec since.

    Raises:
        RuntimeMismatchError: the check failed every time.
        MemoryBudgetError: the process has used up what it was allowed.

    """
    dead: tuple[int, ...] = ()
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_S)
        try:
            found = _read_once(memory, runtime, layout, inner_tids(), forked=forked)
            if found.dead_idents == dead:
                return found
            # A thread that is just ending looks the same, but not twice.
            dead, failure = found.dead_idents, "its list of threads keeps changing"
        except MemoryBudgetError:
            raise
        except MemoryUnreadableError:
            failure = "its list of threads leads to unmapped memory"
        except RuntimeMismatchError as error:
            failure = str(error)
    raise RuntimeMismatchError(failure)


def _read_once(
    memory: Memory, runtime: int, layout: Layout, tids: frozenset[int], *, forked: bool
) -> Runtime:
    interpreters = _interpreters(memory, runtime, layout)
    if not interpreters:
        raise RuntimeMismatchError("no interpreter is initialised in it")
    by_interpreter = [_threads(memory, address, layout) for address in interpreters]
    states = [state for found in by_interpreter for state in found]
    idents, dead = _check_idents(memory, states, tids, forked=forked)
    addresses = [_gil_address(memory, runtime, address, layout) for address in interpreters]
    # New interpreters are put at the head of the list: the last is the main one.
    gil = _read_gil(memory, addresses[-1], states)
    return Runtime(
        layout=layout,
        idents=idents,
        dead_idents=dead,
        gil=gil,
        gils=tuple(dict.fromkeys(address for address in addresses if address)),
        states=tuple(state for state in states if state.ident in idents),
        first_idents=frozenset().union(*(_first_idents(each, dead) for each in by_interpreter))
        & idents.keys(),
    )


def _first_idents(states: list[ThreadState], dead: Collection[int]) -> frozenset[int]:
    """Return the idents that belong to the first thread that ever had them.

    glibc gives the stack of a thread that has ended, and with it the ident, to a new one.
    Where all older threads are still there, none of them can have left its ident behind.
    The list has the newest first; a table that is not true for a build shows in the order.
    A fork leaves gaps where the other threads were, or (by C code) these themselves, dead.
    """
    if any(state.ident in dead for state in states):
        return frozenset()
    serials = [state.serial for state in states]
    if any(newer <= older for newer, older in pairwise(serials)):
        return frozenset()
    return frozenset(
        state.ident for older, state in enumerate(reversed(states)) if state.serial == older + 1
    )


def _interpreters(memory: Memory, runtime: int, layout: Layout) -> list[int]:
    found: list[int] = []
    address = memory.u64(runtime + layout.interpreters_head)
    while address:
        if address in found or len(found) >= MAX_INTERPRETERS:
            raise RuntimeMismatchError("its list of interpreters does not end")
        found.append(address)
        address = memory.u64(address + layout.interpreter_next)
    return found


def _threads(memory: Memory, interpreter: int, layout: Layout) -> list[ThreadState]:
    states: list[ThreadState] = []
    size = layout.serial + 8  # the last of what is read here
    previous, address = 0, memory.u64(interpreter + layout.threads_head)
    while address:
        if len(states) >= MAX_THREADS:
            raise RuntimeMismatchError("its list of threads does not end")
        block = memory.read(address, size)
        back, following, owner = _LINKS.unpack_from(block)
        if back != previous or owner != interpreter:
            raise RuntimeMismatchError("its list of threads is not linked as expected")
        states.append(
            ThreadState(
                address=address,
                ident=_U64.unpack_from(block, layout.ident)[0],
                serial=_U64.unpack_from(block, layout.serial)[0],
                native_id=(
                    None
                    if layout.native_id is None
                    else _U64.unpack_from(block, layout.native_id)[0]
                ),
            )
        )
        previous, address = address, following
    return states


def _check_idents(
    memory: Memory, states: list[ThreadState], tids: frozenset[int], *, forked: bool
) -> tuple[dict[int, int], tuple[int, ...]]:
    """Return the live threads, and the dead ones of a fork."""
    alive: dict[int, int] = {}
    dead: dict[int, None] = {}
    for state in states:
        if not state.ident or state.ident in alive:
            continue
        tid = tid_at(memory, state.ident)
        if tid in tids:
            # After a fork without CPython's after-fork handling the note is the parent's.
            if state.native_id not in (None, 0, tid) and not forked:
                raise RuntimeMismatchError("its note of a thread's id is not the kernel's")
            alive[state.ident] = tid
        elif forked and tid == 0:
            dead[state.ident] = None
        else:
            raise RuntimeMismatchError("its list names threads that the process does not have")
    if not alive:
        raise RuntimeMismatchError("none of its threads is in its list")
    return alive, tuple(dead)


def _gil_address(memory: Memory, runtime: int, interpreter: int, layout: Layout) -> int:
    if layout.gil_in_runtime:
        return runtime + layout.gil
    return memory.u64(interpreter + layout.gil)


def _read_gil(memory: Memory, address: int, states: list[ThreadState]) -> Gil | None:
    if not address:
        return None  # while the interpreter starts or ends
    for _ in range(GIL_ATTEMPTS):
        block = memory.read(address, GIL_HEAD_BYTES)
        steady = block == memory.read(address, GIL_HEAD_BYTES)
        if steady:
            break
    locked = struct.unpack_from("<i", block, GIL_LOCKED)[0]
    if locked not in (-1, 0, 1):
        raise RuntimeMismatchError("its GIL is not laid out as expected")
    last = _U64.unpack_from(block, GIL_HOLDER)[0] if steady else 0
    return Gil(
        address=address,
        locked=locked == 1,
        holder_ident=next((s.ident for s in states if s.address == last and s.ident), None),
        switch_number=_U64.unpack_from(block, GIL_SWITCH_NUMBER)[0],
    )
