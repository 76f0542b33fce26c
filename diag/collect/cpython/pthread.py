"""glibc's `struct pthread`, whose address Python calls the thread's ident (x86-64).

nptl/descr.h: it begins with a `tcbhead_t`, whose members `tcb` (+0) and `self`
(+16) both point to the structure itself; the kernel's thread id, in the thread's
own pid namespace, stands at +0x2d0 (measured on glibc 2.36 and 2.43). It is 0
once the thread has ended, and for threads that a fork left behind.
"""

import struct

from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

TID = 0x2D0
_TCB = struct.Struct("<Q8xQ")


def tid_at(memory: Memory, ident: int) -> int | None:
    """Return the inner thread id stored at `ident`, None if no `struct pthread` is there.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    try:
        block = memory.read(ident, TID + 4)
    except MemoryBudgetError:
        raise
    except MemoryUnreadableError:
        return None
    if _TCB.unpack_from(block) != (ident, ident):
        return None
    return int.from_bytes(block[TID:], "little")
