"""The threads of a process as `/proc` has them now, beside what the snapshot has."""

from pathlib import Path

from diag.collect.memory import PROC
from diag.model.process import Process
from diag.model.thread import Thread


class Tasks:
    """Ids of one process's threads, in both pid namespaces."""

    def __init__(self, process: Process, *, proc_root: Path = PROC) -> None:
        self._folder = proc_root / str(process.pid) / "task"
        self._inner = {
            thread.tid: thread.inner_tid
            for thread in process.threads
            if thread.inner_tid is not None
        }

    def by_inner_tid(self) -> dict[int, int]:
        """Return inner thread id -> thread id of the observer's namespace, as of now.

        Raises:
            OSError: the process is gone.

        """
        tids = {int(path.name) for path in self._folder.iterdir()}
        for tid in tids - self._inner.keys():
            inner = self._read_inner(tid)
            if inner is not None:
                self._inner[tid] = inner
        return {inner: tid for tid, inner in self._inner.items() if tid in tids}

    def _read_inner(self, tid: int) -> int | None:
        """Return the last column of NSpid (proc_pid_status(5)), None if the thread is gone."""
        try:
            text = (self._folder / str(tid) / "status").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        for line in text.splitlines():
            if line.startswith(b"NSpid:"):
                return int(line.split()[-1])
        return tid  # a kernel without pid namespaces

    def still_waits(self, thread: Thread) -> bool:
        """Return whether a thread is in the very same system call as in the snapshot.

        Raises:
            OSError: it may not be read.

        """
        try:
            text = (self._folder / str(thread.tid) / "syscall").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            return False
        call, fields = thread.syscall, text.split()
        if call is None or fields[0] == "running":
            return False
        expected = (call.number, *call.args, call.stack_pointer, call.program_counter)
        return tuple(int(field, 0) for field in fields) == expected
