"""Python stacks from what py-spy prints: one process a call (pyspy.py).

`py-spy dump --json` looks at one process only and ignores `--subprocesses`
(0.4.3), so the tree is enumerated by `diag.collect.tree` and asked one by one.
"""

from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Self

import msgspec

from diag.collect.dump import parse_dump
from diag.collect.pyspy import Calls, StacksUnavailableError, find_pyspy
from diag.model.gap import Gap
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.stack import Stack
from diag.model.thread import Thread

DEADLINE_S = 10.0
NO_STACKS = "stacks"  # the gap of a process that was asked about in vain
PARALLEL = 8
_READINGS = 3  # of a process in which stacks seem torn

# What a thread's outermost frame is, where Python has started it (Lib/threading.py, Lib/runpy.py).
_OUTERMOST = ("<module>", "_bootstrap", "_run_module_as_main")


def add_stacks(
    snapshot: Snapshot,
    *,
    pyspy: str | None = None,
    deadline_s: float = DEADLINE_S,
    parallel: int = PARALLEL,
    show_locals: bool = False,
) -> Snapshot:
    """Return the snapshot with the Python stacks of every Python process.

    Args:
        snapshot: with interpreters recognised.
        pyspy: path of py-spy, looked for if None.
        deadline_s: for one process.
        parallel: number of py-spy calls at a time.
        show_locals: whether to keep the values of variables, masked.

    """
    with StackAsker(
        pyspy=pyspy, deadline_s=deadline_s, parallel=parallel, show_locals=show_locals
    ) as asker:
        for process in (*snapshot.processes, *snapshot.context):
            asker.begin(process)
        return asker.finish(snapshot)


class StackAsker:
    """Asks py-spy while other things are read: begun for each process as soon as it is known.

    A context manager. For the arguments see `add_stacks`.
    """

    def __init__(
        self,
        *,
        pyspy: str | None = None,
        deadline_s: float = DEADLINE_S,
        parallel: int = PARALLEL,
        show_locals: bool = False,
    ) -> None:
        program = pyspy or find_pyspy()
        self._calls = Calls(program, deadline_s=deadline_s, parallel=parallel) if program else None
        self._show_locals = show_locals

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._calls is not None:
            self._calls.__exit__(kind, error, traceback)

    def begin(self, process: Process) -> None:
        """Ask about a process, if it is Python's, without waiting for the answer."""
        if self._calls is None:
            return
        if process.interpreter is not None and process.threads:
            self._calls.ask(process.pid)
        else:
            self._calls.go_on()

    def finish(
        self, snapshot: Snapshot, *, then: Callable[[Process], Process] = lambda process: process
    ) -> Snapshot:
        """Return the snapshot with all answers; a process without one gets a gap.

        `then` does more with each process of the tree, while py-spy looks at the others.
        """
        if self._calls is None:
            missing = Gap(what="stacks", because="py-spy was not found: pip install py-spy")
            return msgspec.structs.replace(snapshot, gaps=(*snapshot.gaps, missing))
        complete = partial(self._complete, self._calls)
        return msgspec.structs.replace(
            snapshot,
            processes=tuple(then(complete(process)) for process in snapshot.processes),
            context=tuple(map(complete, snapshot.context)),
        )

    def _complete(self, calls: Calls, process: Process) -> Process:
        try:
            text = calls.answer(process.pid)
            if text is None:
                return process
            stacks = parse_dump(text, show_locals=self._show_locals)
            return attach_stacks(process, self._whole(calls, process.pid, stacks))
        except StacksUnavailableError as error:
            gap = Gap(what=NO_STACKS, because=str(error), pid=process.pid)
            return msgspec.structs.replace(process, gaps=(*process.gaps, gap))

    def _whole(self, calls: Calls, pid: int, stacks: list[Stack]) -> list[Stack]:
        """Return stacks that are not torn: nothing is paused, and frames move while they are read.

        A thread that Python has not started may begin anywhere: what ends in the same frame
        when it is read again is whole, too.
        """
        for _ in range(_READINGS - 1):
            before = _odd_ends(stacks)
            if not before:
                break
            calls.ask(pid)
            try:
                again = parse_dump(calls.answer(pid) or b"", show_locals=self._show_locals)
            except StacksUnavailableError:
                break  # what is there is better than nothing
            stacks = again
            if _odd_ends(again) == before:
                break
        return stacks


def _odd_ends(stacks: Iterable[Stack]) -> dict[int, str]:
    """Return the outermost functions of threads that seem torn, by their idents."""
    ends = {stack.ident: stack.frames[-1] if stack.frames else None for stack in stacks}
    return {
        ident: end.function if end is not None else ""
        for ident, end in ends.items()
        if end is None or end.bare_name not in _OUTERMOST
    }


def attach_stacks(process: Process, stacks: Iterable[Stack]) -> Process:
    """Give each thread its stack: by ident where that is known, else by thread id.

    After a fork in C the interpreter still lists its parent's threads; such
    ghosts match no thread of the process and are dropped.
    """
    listed = list(stacks)
    by_ident = {stack.ident: stack for stack in listed}
    by_tid = {stack.os_thread_id: stack for stack in listed if stack.os_thread_id is not None}

    def complete(thread: Thread) -> Thread:
        if thread.ident is not None:
            stack = by_ident.get(thread.ident)
        else:
            stack = by_tid.get(thread.inner_tid or thread.tid)
        if stack is None:
            return thread
        return msgspec.structs.replace(thread, stack=stack, ident=thread.ident or stack.ident)

    return msgspec.structs.replace(process, threads=tuple(map(complete, process.threads)))
