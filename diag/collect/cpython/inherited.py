"""Event loops that a fork has copied: the child has their frames and tasks, and runs none."""

from collections.abc import Sequence

import msgspec

from diag.model.process import Process


def without_inherited_loops(
    processes: Sequence[Process], known: Sequence[Process]
) -> list[Process]:
    """Return processes without the loops, and tasks, that a forked one shares with its parent.

    A fork keeps addresses. A loop made by the child itself at the address of one
    that its parent has made since is dropped too; that is no loss but of a name.

    Args:
        processes: to look through.
        known: where parents may be found.

    """
    by_pid = {process.pid: process for process in known}
    return [_own(process, by_pid.get(process.parent_pid)) for process in processes]


def _own(process: Process, parent: Process | None) -> Process:
    if parent is None or not process.forked_without_exec:
        return process
    copied = _loops(parent) & _loops(process)
    if not copied:
        return process
    return msgspec.structs.replace(
        process,
        tasks=tuple(task for task in process.tasks if task.loop not in copied),
        threads=tuple(
            msgspec.structs.replace(thread, loop=None)
            if thread.loop is not None and thread.loop.address in copied
            else thread
            for thread in process.threads
        ),
    )


def _loops(process: Process) -> set[int]:
    running = {thread.loop.address for thread in process.threads if thread.loop is not None}
    return running | {task.loop for task in process.tasks}
