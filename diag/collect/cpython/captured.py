"""What became, in the parent, of a plain lock that a child has locked since the fork.

A fork keeps addresses: the same lock object is at the same place in both. What is
there now is a hint, not a proof, of who held it then.
"""

from collections.abc import Sequence

import msgspec

from diag.collect.cpython.access import Access
from diag.collect.cpython.build import recognise
from diag.collect.cpython.entered import Entered
from diag.collect.cpython.framelayout import frame_layout_of
from diag.collect.cpython.holders import locks_held
from diag.collect.cpython.layout import LOCK_POINTER, LOCK_STATE
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.look import enter
from diag.collect.cpython.tasks import Tasks
from diag.collect.maps import read_maps
from diag.collect.memory import MemoryUnreadableError
from diag.model.lock import Lock, LockKind, ParentCopy
from diag.model.process import Process
from diag.model.thread import Thread

_LOCK = "_thread.lock"


def with_parent_copies(
    processes: Sequence[Process], known: Sequence[Process], access: Access
) -> list[Process]:
    """Return processes; plain locks without owner in forked ones with what their parent has.

    Args:
        processes: to look through.
        known: where parents may be found.
        access: how to read them.

    """
    wanted: dict[int, set[int]] = {}
    for process in processes:
        if process.forked_without_exec and (addresses := _wanted(process)):
            wanted.setdefault(process.parent_pid, set()).update(addresses)
    copies = {
        parent.pid: _copies_in(parent, wanted[parent.pid], access)
        for parent in known
        if parent.pid in wanted
    }
    return [
        _with_copies(process, copies.get(process.parent_pid, {}))
        if process.forked_without_exec
        else process
        for process in processes
    ]


def _wanted(process: Process) -> set[int]:
    """Return the addresses of the locks whose holder is sought."""
    locks = map(_ownerless, process.threads)
    return {lock.address for lock in locks if lock is not None and lock.address}


def _copies_in(parent: Process, addresses: set[int], access: Access) -> dict[int, ParentCopy]:
    try:
        return _copies(parent, addresses, access)
    except (OSError, MemoryUnreadableError):
        return {}  # a hint less


def _with_copies(process: Process, copies: dict[int, ParentCopy]) -> Process:
    return msgspec.structs.replace(
        process, threads=tuple(_with_copy(thread, copies) for thread in process.threads)
    )


def _ownerless(thread: Thread) -> Lock | None:
    lock = thread.wait.lock
    if lock is None or lock.kind is not LockKind.LOCK or lock.owner_ident is not None:
        return None
    return lock if lock.locked else None


def _copies(parent: Process, addresses: set[int], access: Access) -> dict[int, ParentCopy]:
    with access.memory(parent.pid) as memory:
        space = read_maps(parent.pid, proc_root=access.proc_root)
        build = recognise(parent.pid, space, memory, proc_root=access.proc_root)
        tasks = Tasks(parent, proc_root=access.proc_root)
        interior, _ = enter(memory, space, build, tasks, parent)
        if interior is None or build is None or build.version is None:
            return {}
        layout = frame_layout_of(build.version, memory, build.runtime)
        if layout is None:
            return {}
        entered = Entered(memory, interior.types, layout, build.version)
        holders: dict[int, set[int]] = {}
        forked = parent.forked_without_exec
        for state in interior.runtime.states:
            held = locks_held(entered, state.address, forked=forked)
            for address in held & addresses:
                holders.setdefault(address, set()).add(state.ident)
        return {
            address: _copy(interior, parent.pid, address, holders.get(address, set()))
            for address in addresses
        }


def _copy(interior: Interior, pid: int, address: int, idents: set[int]) -> ParentCopy:
    kind = interior.types.of(address)
    if kind is None or kind.name != _LOCK:
        return ParentCopy(pid=pid)
    parked = interior.runtime.layout.lock_parks
    state = interior.memory.u8(address + (LOCK_POINTER if parked else LOCK_STATE))
    locked = bool(state & 1 if parked else state)
    holder = next(iter(idents)) if locked and len(idents) == 1 else None
    return ParentCopy(pid=pid, locked=locked, holder_ident=holder)


def _with_copy(thread: Thread, copies: dict[int, ParentCopy]) -> Thread:
    lock = _ownerless(thread)
    copy = copies.get(lock.address or 0) if lock is not None else None
    if lock is None or copy is None:
        return thread
    lock = msgspec.structs.replace(lock, parent_copy=copy)
    return msgspec.structs.replace(thread, wait=msgspec.structs.replace(thread.wait, lock=lock))
