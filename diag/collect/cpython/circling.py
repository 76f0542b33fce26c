"""Which threads of a tree go round in circles while others look at what they do."""

import math
import time

import msgspec

from diag.collect.cpython.access import Access
from diag.collect.cpython.framewatch import TurnsReader, open_turns
from diag.collect.memory import PROC
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.sample import Activity, ThreadActivity, Turns
from diag.model.snapshot import Snapshot
from diag.model.thread import Thread
from diag.model.wait import WaitKind

MAX_PROCESSES = 16
MAX_THREADS = 8  # of one process
_MAX_BYTES = 64 * 1024 * 1024  # of one process
_MAX_S = 10.0  # longer than any look
_SHARE = 4  # of the time spent looking: the pause is at least this many times as long


class Circling:
    """Looks at the frames of threads that run or pause; end it with `finish`."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._looks = 0
        access = Access(PROC, _MAX_BYTES, _MAX_S)
        self._readers: dict[int, TurnsReader] = {}
        self._tids: dict[tuple[int, int], int] = {}
        for process in snapshot.processes:
            moving = [thread for thread in process.threads if _may_turn(thread)][:MAX_THREADS]
            idents = {thread.ident: thread.tid for thread in moving if thread.ident is not None}
            if not idents or len(self._readers) >= MAX_PROCESSES:
                continue
            reader = open_turns(process, frozenset(idents), access)
            if reader is not None:
                self._readers[process.pid] = reader
                self._tids |= {(process.pid, ident): tid for ident, tid in idents.items()}

    @property
    def looks(self) -> float:
        """How often it has looked; no end of it where there is nothing to look at."""
        return self._looks if self._readers else math.inf

    def look(self) -> float:
        """Look once at every thread; return the seconds to wait before the next look."""
        began_s = time.thread_time()
        self._looks += 1
        for reader in self._readers.values():
            reader.look()
        return _SHARE * (time.thread_time() - began_s)

    def finish(self, activity: Activity) -> Activity:
        """Close everything; return the activity with what was seen."""
        found: dict[ThreadId, Turns] = {}
        for pid, reader in self._readers.items():
            for ident, turns in reader.finish().items():
                found[ThreadId(pid, self._tids[pid, ident])] = turns
        return msgspec.structs.replace(
            activity, threads=tuple(_with(thread, found) for thread in activity.threads)
        )


def _may_turn(thread: Thread) -> bool:
    """Whether a thread may be in a loop: it runs, or would if it had the GIL, or pauses."""
    wait = thread.wait
    pauses = wait.kind in (WaitKind.SLEEP, WaitKind.LOCK) and wait.timed
    wants_gil = wait.lock is not None and wait.lock.kind is LockKind.GIL
    return wait.kind is WaitKind.RUNNING or wants_gil or pauses


def _with(thread: ThreadActivity, found: dict[ThreadId, Turns]) -> ThreadActivity:
    turns = found.get(ThreadId(thread.pid, thread.tid))
    return msgspec.structs.replace(thread, turns=turns) if turns is not None else thread
