"""Whether the holder of a multiprocessing lock is inside of a `with` statement on it.

A `multiprocessing.Lock` may be released by any process, but one that its holder took by
`with` is not: the end of the body would fail.
"""

from collections.abc import Mapping, Sequence

import msgspec

from diag.collect.cpython.access import Access
from diag.collect.cpython.build import recognise
from diag.collect.cpython.entered import Entered
from diag.collect.cpython.framelayout import frame_layout_of
from diag.collect.cpython.holders import locks_held
from diag.collect.cpython.look import enter
from diag.collect.cpython.semaphores import SharedPlace, address_of, read_semlock
from diag.collect.cpython.semholders import Answer
from diag.collect.cpython.tasks import Tasks
from diag.collect.maps import read_maps
from diag.collect.memory import MemoryUnreadableError
from diag.model.lock import SemaphoreHolder
from diag.model.process import Process


def with_bodies(
    answers: Mapping[SharedPlace, Answer | None], processes: Sequence[Process], access: Access
) -> dict[SharedPlace, Answer | None]:
    """Return who holds what; locks with one holder with whether it is inside of a `with`.

    Args:
        answers: who holds each semaphore, None for one that went away.
        processes: with their threads as they were swept.
        access: how to read them.

    """
    by_pid = {process.pid: process for process in processes}
    return {
        place: _with_body(place, answer, by_pid, access) if answer is not None else None
        for place, answer in answers.items()
    }


def _with_body(
    place: SharedPlace, answer: Answer, by_pid: Mapping[int, Process], access: Access
) -> Answer:
    semaphore = answer.semaphore
    process = by_pid.get(semaphore.holders[0].pid) if len(semaphore.holders) == 1 else None
    if process is None or semaphore.max_value != 1 or semaphore.recursive:
        return answer
    (holder,) = semaphore.holders
    try:
        inside = _is_inside(place, holder, process, access)
    except (OSError, MemoryUnreadableError):
        return answer  # a certainty less
    holder = msgspec.structs.replace(holder, inside_with=inside)
    return answer._replace(semaphore=msgspec.structs.replace(semaphore, holders=(holder,)))


def _is_inside(
    place: SharedPlace, holder: SemaphoreHolder, process: Process, access: Access
) -> bool:
    thread = next((thread for thread in process.threads if thread.ident == holder.ident), None)
    if thread is None or thread.syscall is None:
        return False
    with access.memory(process.pid) as memory:
        space = read_maps(process.pid, proc_root=access.proc_root)
        build = recognise(process.pid, space, memory, proc_root=access.proc_root)
        tasks = Tasks(process, proc_root=access.proc_root)
        interior, _ = enter(memory, space, build, tasks, process)
        if interior is None or build is None:
            return False
        layout = frame_layout_of(interior.version, memory, build.runtime)
        state = next((s for s in interior.runtime.states if s.ident == holder.ident), None)
        handle = address_of(space, place)
        if layout is None or state is None or handle is None:
            return False
        entered = Entered(memory, interior.types, layout, interior.version)
        held = locks_held(entered, state.address, forked=process.forked_without_exec)
        return tasks.still_waits(thread) and any(
            read_semlock(memory, interior.types, address, handle) is not None for address in held
        )
