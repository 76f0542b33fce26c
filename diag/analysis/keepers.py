"""Threads of libraries that wake up now and then and do nothing for the program.

Such a thread runs a loop of a library that is known by heart: it looks whether it is to
end, or refreshes something of its own. While it is in the wait of that loop, nothing of
the program is on its stack, and nothing of the program's can be set by it.
"""

from diag.analysis.frames import is_library
from diag.model.stack import Frame
from diag.model.thread import Thread
from diag.model.wait import WaitKind

# File ending, bare function -> what the loop is for.
_LOOPS = {
    # Looks every second whether the manager is to shut down, and then ends its process.
    ("multiprocessing/managers.py", "serve_forever"): "a manager's main thread",
    # Refreshes progress bars that have not moved for long (tqdm/_monitor.py).
    ("tqdm/_monitor.py", "run"): "the monitor of tqdm",
}

# Of a worker that waits for a task with a time-out, after which it ends.
_WORKER, _TAKES = ("loky/process_executor.py", "_process_worker"), "get"
_RECEIVER = ("execnet/gateway_base.py", "_thread_receiver")
_RUNS_A_TEST = ("_pytest/runner.py", "pytest_runtest_protocol")


def loop_of(thread: Thread) -> str | None:
    """Return which loop of a library a thread idles in, None if it does anything else.

    Only code of libraries may be further in than the loop: what it calls of the program's
    could do anything.
    """
    inner = None
    for frame in thread.stack.own_frames if thread.stack is not None else ():
        for place, what in _LOOPS.items():
            if _is_at(frame, place):
                return what
        if not is_library(frame):
            takes = inner is not None and inner.bare_name == _TAKES and _is_at(frame, _WORKER)
            waits = thread.wait.kind is WaitKind.POLL and thread.wait.timed
            return "an idle worker of loky" if takes and waits else None
        inner = frame
    return None


def receives_orders(thread: Thread) -> bool:
    """Return whether it takes orders for a worker of pytest-xdist: no test that runs sees them."""
    frames = thread.stack.own_frames if thread.stack is not None else ()
    return thread.wait.kind is WaitKind.READ and any(_is_at(frame, _RECEIVER) for frame in frames)


def runs_a_test(thread: Thread) -> bool:
    """Return whether pytest runs a test in it."""
    frames = thread.stack.own_frames if thread.stack is not None else ()
    return any(_is_at(frame, _RUNS_A_TEST) for frame in frames)


def _is_at(frame: Frame, place: tuple[str, str]) -> bool:
    file, function = place
    return frame.bare_name == function and frame.file.endswith(file)
