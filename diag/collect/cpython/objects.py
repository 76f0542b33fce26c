"""Adds to a snapshot what the memory of its Python processes tells."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from diag.collect.cpython.access import Access
from diag.collect.cpython.captured import with_parent_copies
from diag.collect.cpython.inherited import without_inherited_loops
from diag.collect.cpython.look import Look, look_into
from diag.collect.cpython.semaphores import SharedPlace, strangers_that_map
from diag.collect.cpython.semholders import Answer, find_holders
from diag.collect.cpython.sharedwiths import with_bodies
from diag.collect.memory import DEFAULT_MAX_BYTES, DEFAULT_MAX_S, PROC
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.thread import Thread


def add_objects(
    snapshot: Snapshot,
    *,
    recognised: Callable[[Process], None] = lambda _: None,
    proc_root: Path = PROC,
    max_bytes_per_process: int = DEFAULT_MAX_BYTES,
    max_s_per_process: float = DEFAULT_MAX_S,
) -> Snapshot:
    """Return a snapshot with interpreters, idents, GILs and the locks that are waited for.

    Nothing is paused. A process that cannot be read has a gap that says why,
    and does not spoil the others.

    Args:
        snapshot: of the kernel's view; threads have `syscall` and `wait.futex`.
        recognised: told of each process as soon as its interpreter is known.
        proc_root: where `/proc` is.
        max_bytes_per_process: to read at most of one process's memory.
        max_s_per_process: seconds after which no read of it starts.

    """
    access = Access(proc_root, max_bytes_per_process, max_s_per_process)
    processes = [_look_into(process, access, recognised) for process in snapshot.processes]
    context = [_look_into(process, access, recognised) for process in snapshot.context]
    answers = _ask_for_holders([*processes, *context], access)
    own = [_with_semaphores(look, answers) for look in processes]
    ancestors = [_with_semaphores(look, answers) for look in context]
    known = [*own, *ancestors]
    own = with_parent_copies(without_inherited_loops(own, known), known, access)
    return msgspec.structs.replace(
        snapshot,
        processes=tuple(own),
        context=tuple(ancestors),
    )


def _look_into(process: Process, access: Access, recognised: Callable[[Process], None]) -> Look:
    look = look_into(process, access)
    recognised(look.process)
    return look


def _ask_for_holders(looks: list[Look], access: Access) -> dict[SharedPlace, Answer | None]:
    places = {place for look in looks for place in look.semaphores}
    spaces = {look.process.pid: look.space for look in looks if look.space is not None}
    unreadable = [look.process.pid for look in looks if look.unreadable]
    taking = frozenset(look.process.pid for look in looks if look.may_be_taking)
    known = {*spaces, *unreadable}
    strangers = strangers_that_map(places, known, proc_root=access.proc_root)
    answers = {
        place: find_holders(
            place,
            {
                look.process.pid: look.semaphores[place]
                for look in looks
                if place in look.semaphores
            },
            spaces,
            (*strangers[place], *unreadable),
            taking,
            access,
        )
        for place in places
    }
    return with_bodies(answers, [look.process for look in looks], access)


def _with_semaphores(look: Look, answers: dict[SharedPlace, Answer | None]) -> Process:
    if not look.waits:
        return look.process
    threads = tuple(
        _with_semaphore(thread, answers[look.waits[thread.tid]])
        if thread.tid in look.waits
        else thread
        for thread in look.process.threads
    )
    return msgspec.structs.replace(look.process, threads=threads)


def _with_semaphore(thread: Thread, answer: Answer | None) -> Thread:
    if answer is None or thread.wait.lock is None:
        return thread
    semaphore, owner_unknown = answer
    lock = msgspec.structs.replace(
        thread.wait.lock,
        semaphore=semaphore,
        locked=semaphore.value == 0,
        owner_unknown=owner_unknown,
    )
    wait = msgspec.structs.replace(thread.wait, lock=lock)
    return msgspec.structs.replace(thread, wait=wait)
