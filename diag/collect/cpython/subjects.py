"""Adds to a snapshot with stacks what its threads wait on, and the pools of its processes.

Stacks that py-spy could not give are read first.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from diag.collect.cpython.access import Access
from diag.collect.cpython.backlog import BacklogReader
from diag.collect.cpython.endedthreads import ended_threads
from diag.collect.cpython.names import Names
from diag.collect.cpython.ownstacks import with_own_stacks
from diag.collect.cpython.polling import with_polling
from diag.collect.cpython.pools import find_pools, find_worker
from diag.collect.cpython.typenames import Types
from diag.collect.cpython.values import Values
from diag.collect.cpython.waited import Found, find_subject
from diag.collect.memory import DEFAULT_MAX_S, PROC, MemoryUnreadableError
from diag.model.gap import Gap
from diag.model.lock import LockKind
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.subject import EndedThread, Subject, SubjectKind
from diag.model.thread import Thread
from diag.model.wait import WaitKind

MAX_BYTES = 64 * 1024 * 1024
# Globals are looked through in so many processes, the root first: each takes some 2 ms,
# and the workers of a pool mostly wait for the same.
MAX_ENTERED = 6
# A running thread's objects change while they are read; one that sleeps waits for nothing.
_WITHOUT_SUBJECT = frozenset({WaitKind.RUNNING, WaitKind.EXITED, WaitKind.DISK})
_KINDS = {
    LockKind.LOCK: SubjectKind.LOCK,
    LockKind.RLOCK: SubjectKind.LOCK,
    LockKind.SIMPLE_QUEUE: SubjectKind.QUEUE,
}
_VERSION = re.compile(r"(\d+)\.(\d+)")


def add_subjects(
    snapshot: Snapshot,
    *,
    proc_root: Path = PROC,
    max_bytes_per_process: int = MAX_BYTES,
    max_s_per_process: float = DEFAULT_MAX_S,
) -> Snapshot:
    """Return a snapshot with the objects that threads wait on, and with pools of workers.

    Nothing is paused, and no value of a variable is kept: only what kind of object
    it is, where, and how many others are in it.

    Args:
        snapshot: with interpreters and stacks.
        proc_root: where `/proc` is.
        max_bytes_per_process: to read at most of one process's memory.
        max_s_per_process: seconds after which no read of it starts.

    """
    read = subject_reader(
        proc_root=proc_root,
        max_bytes_per_process=max_bytes_per_process,
        max_s_per_process=max_s_per_process,
    )
    return msgspec.structs.replace(snapshot, processes=tuple(map(read, snapshot.processes)))


def subject_reader(
    *,
    proc_root: Path = PROC,
    max_bytes_per_process: int = MAX_BYTES,
    max_s_per_process: float = DEFAULT_MAX_S,
) -> Callable[[Process], Process]:
    """Return what does the same for one process of a tree after the other, the root first."""
    access = Access(proc_root, max_bytes_per_process, max_s_per_process)
    return partial(_look_into, access, iter(range(MAX_ENTERED)))


def _look_into(access: Access, allowance: Iterator[int], process: Process) -> Process:
    interpreter = process.interpreter
    version = _VERSION.match(interpreter.version) if interpreter is not None else None
    if interpreter is None or interpreter.memory is not None or version is None:
        return process
    process = with_own_stacks(process, access)
    if not any(thread.stack is not None for thread in process.threads):
        return process
    try:
        with access.memory(process.pid) as memory:
            numbers = (int(version[1]), int(version[2]))
            values = Values(memory, Types(memory), numbers)
            names = Names(memory, values, process, allowance)
            return _read(process, values, names, BacklogReader(memory, values, numbers))
    except MemoryUnreadableError as error:
        gap = Gap(what="objects", because=str(error), pid=process.pid)
        return msgspec.structs.replace(process, gaps=(*process.gaps, gap))


def _read(process: Process, values: Values, names: Names, backlogs: BacklogReader) -> Process:
    threads = tuple(_with_subject(thread, process, values, names) for thread in process.threads)
    awaits = any(thread.subject is not None and thread.subject.tasks for thread in threads)
    awaits = awaits or any(task.future is not None for task in process.tasks)
    pools = find_pools(values, threads, backlogs, with_tasks=awaits)
    kept = backlogs.kept(threads, names) if pools else ()
    unsized = {name for each in kept for name in each.unsized}
    unsized |= {name for pool in pools if pool.backlog for name in pool.backlog.unsized}
    return msgspec.structs.replace(
        process,
        threads=with_polling(process.pid, threads),
        pools=pools,
        kept=kept,
        gaps=(*process.gaps, *_unsized(process.pid, sorted(unsized))),
    )


def _unsized(pid: int, types: list[str]) -> Iterator[Gap]:
    if types:
        because = f"{', '.join(types)} may keep their data outside of objects that can be read"
        yield Gap(what="sizes of tasks and results", because=because, pid=pid)


def _with_subject(thread: Thread, process: Process, values: Values, names: Names) -> Thread:
    if thread.stack is None or not thread.stack.frames:
        return thread
    return msgspec.structs.replace(
        thread,
        worker=find_worker(values, thread.stack.own_frames),
        subject=_subject(thread, process, values, names),
    )


def _subject(thread: Thread, process: Process, values: Values, names: Names) -> Subject | None:
    if thread.stack is None or thread.wait.kind in _WITHOUT_SUBJECT:
        return None
    lock = thread.wait.lock.address if thread.wait.lock is not None else None
    found = find_subject(values, thread.stack.frames, lock) or _lock_itself(thread, values)
    if found is None or found.subject.address is None:
        return found.subject if found is not None else None
    told = names.of(found.subject.address, thread, found.caller)
    ended: tuple[EndedThread, ...] = ()
    if found.subject.kind is SubjectKind.EVENT and thread.tid == process.pid:
        alive = {each.ident for each in process.threads if each.ident is not None}
        ended = ended_threads(values, names, thread, found, alive)
    return msgspec.structs.replace(found.subject, names=told, ended=ended)


def _lock_itself(thread: Thread, values: Values) -> Found | None:
    """Return the lock or the queue that a frame waits for by itself, without a library's help."""
    lock = thread.wait.lock
    kind = _KINDS.get(lock.kind) if lock is not None else None
    if lock is None or kind is None or lock.address is None:
        return None
    subject = Subject(
        kind=kind,
        address=lock.address,
        type_name=lock.type_name,
        length=values.length(lock.address),
    )
    return Found(subject, caller=0)
