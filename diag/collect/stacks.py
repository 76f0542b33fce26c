"""Python stacks from py-spy: one process a call, several calls at a time, each with a deadline.

`py-spy dump --json` looks at one process only and ignores `--subprocesses`
(0.4.3), so the tree is enumerated by `diag.collect.tree` and asked one by one.
Only names, places and addresses are kept: py-spy's `repr` of local variables
is dropped here, before it can reach a recording, unless `--show-locals` asks for it.
"""

import shutil
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from diag.collect.redact import mask_text
from diag.collect.variables import with_variables
from diag.model.gap import Gap
from diag.model.process import Process
from diag.model.snapshot import Snapshot
from diag.model.stack import Frame, Stack
from diag.model.thread import Thread

DEADLINE_S = 10.0
PARALLEL = 4
_TRIES = 3  # without a pause, frames of a process that computes change while they are read

# Locals whose address tells which object a standard library frame is about.
_KEPT_LOCALS = frozenset(
    {
        "waiter",
        "lock",
        "future",
        "work_item",
        "call_item",
        "executor",
        "executor_reference",
        "work_queue",
        "pending",
        "not_done",
        "cache",
        "pool",
        "processes",
        "taskqueue",
        "inqueue",
        "job",
    }
)

# In what py-spy prints of a collection; of a set it prints no members.
_SIGNS_OF_FUTURES = ("<Future at ", "<ApplyResult at ", "<set at ")

Runner = Callable[[Sequence[str], float], "subprocess.CompletedProcess[bytes]"]


class _Local(msgspec.Struct):
    name: str
    addr: int
    repr: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether analysis needs it: some by name, and what seems to hold futures."""
        return self.name in _KEPT_LOCALS or any(
            sign in (self.repr or "") for sign in _SIGNS_OF_FUTURES
        )


class _Frame(msgspec.Struct):
    name: str
    filename: str
    line: int
    short_filename: str | None = None
    locals: list[_Local] | None = None


class _Dump(msgspec.Struct):
    thread_id: int
    frames: list[_Frame]
    thread_name: str | None = None
    os_thread_id: int | None = None
    owns_gil: bool = False


_decoder = msgspec.json.Decoder(list[_Dump])


class StacksUnavailableError(Exception):
    """py-spy gave no usable answer for a process; the text says why."""


def find_pyspy() -> str | None:
    """Return the path of py-spy: beside this interpreter, else on PATH, else None."""
    beside = Path(sysconfig.get_path("scripts")) / "py-spy"
    return str(beside) if beside.is_file() else shutil.which("py-spy")


def run_command(command: Sequence[str], deadline_s: float) -> "subprocess.CompletedProcess[bytes]":
    """Run a helper to its end, or end it at its deadline.

    Raises:
        subprocess.TimeoutExpired: it was killed at the deadline.
        OSError: it could not be started.

    """
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=deadline_s, check=False
    )


def add_stacks(
    snapshot: Snapshot,
    *,
    pyspy: str | None = None,
    run: Runner = run_command,
    deadline_s: float = DEADLINE_S,
    parallel: int = PARALLEL,
    show_locals: bool = False,
) -> Snapshot:
    """Return the snapshot with the Python stacks of every Python process.

    A process whose stacks cannot be had gets a gap; the others keep theirs.

    Args:
        snapshot: with interpreters recognised.
        pyspy: path of py-spy, looked for if None.
        run: runs one command within a number of seconds.
        deadline_s: for one process.
        parallel: number of py-spy calls at a time.
        show_locals: whether to keep the values of variables, masked.

    """
    program = pyspy or find_pyspy()
    if program is None:
        missing = Gap(what="stacks", because="py-spy was not found: pip install py-spy")
        return msgspec.structs.replace(snapshot, gaps=(*snapshot.gaps, missing))

    def complete(process: Process) -> Process:
        if process.interpreter is None or not process.threads:
            return process
        try:
            stacks = ask(program, process.pid, run, deadline_s, show_locals=show_locals)
            return attach_stacks(process, stacks)
        except StacksUnavailableError as error:
            gap = Gap(what="stacks", because=str(error), pid=process.pid)
            return msgspec.structs.replace(process, gaps=(*process.gaps, gap))

    with ThreadPoolExecutor(parallel) as pool:
        processes = tuple(pool.map(complete, snapshot.processes))
        context = tuple(pool.map(complete, snapshot.context))
    return msgspec.structs.replace(snapshot, processes=processes, context=context)


def ask(
    program: str, pid: int, run: Runner, deadline_s: float, *, show_locals: bool = False
) -> list[Stack]:
    """Return the stacks that py-spy sees in one process, without pausing it.

    Raises:
        StacksUnavailableError: it failed, took too long, or printed no JSON.

    """
    command = [program, "dump", "--json", "--nonblocking", "--locals", "--pid", str(pid)]
    until_s = time.monotonic() + deadline_s
    try:
        for _ in range(_TRIES):
            answer = run(command, max(0.1, until_s - time.monotonic()))
            if answer.returncode == 0:
                break
    except subprocess.TimeoutExpired:
        raise StacksUnavailableError(f"py-spy took longer than {deadline_s:g} s") from None
    except OSError as error:
        raise StacksUnavailableError(f"py-spy could not be started: {error}") from error
    if answer.returncode != 0:
        raise StacksUnavailableError(_reason(answer.stderr))
    return parse_dump(answer.stdout, show_locals=show_locals)


def parse_dump(text: bytes, *, show_locals: bool = False) -> list[Stack]:
    """Parse the output of `py-spy dump --json`; values of variables are kept if asked for.

    Raises:
        StacksUnavailableError: it is not such output.

    """
    try:
        dumps = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StacksUnavailableError(f"py-spy's output could not be read: {error}") from error
    return [
        Stack(
            frames=_to_frames(dump.frames, show_locals=show_locals),
            thread_name=dump.thread_name and mask_text(dump.thread_name),
            ident=dump.thread_id,
            os_thread_id=dump.os_thread_id,
            owns_gil=dump.owns_gil,
        )
        for dump in dumps
    ]


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


def _to_frames(given: list[_Frame], *, show_locals: bool) -> tuple[Frame, ...]:
    frames = tuple(map(_to_frame, given))
    if not show_locals:
        return frames
    named = [[(local.name, local.repr) for local in frame.locals or ()] for frame in given]
    return with_variables(frames, named)


def _to_frame(frame: _Frame) -> Frame:
    addresses = {local.name: local.addr for local in frame.locals or ()}
    return Frame(
        function=frame.name,
        file=frame.filename,
        short_file=frame.short_filename,
        line=max(frame.line, 0),
        self_address=addresses.get("self"),
        objects={local.name: local.addr for local in frame.locals or () if local.is_kept},
    )


def _reason(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    first = lines[0].removeprefix("Error: ") if lines else "no output"
    return f"py-spy: {first}"
