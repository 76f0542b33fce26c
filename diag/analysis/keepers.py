"""Threads of libraries that wake up now and then and do nothing for the program.

Such a thread runs a loop of a library that is known by heart: it looks whether it is to
end, or refreshes something of its own. While it is in the wait of that loop, nothing of
the program is on its stack, and nothing of the program's can be set by it.
"""

from diag.analysis.frames import is_library
from diag.model.thread import Thread

# File ending, bare function -> what the loop is for.
_LOOPS = {
    # Looks every second whether the manager is to shut down, and then ends its process.
    ("multiprocessing/managers.py", "serve_forever"): "a manager's main thread",
    # Refreshes progress bars that have not moved for long (tqdm/_monitor.py).
    ("tqdm/_monitor.py", "run"): "the monitor of tqdm",
}


def loop_of(thread: Thread) -> str | None:
    """Return which loop of a library a thread idles in, None if it does anything else.

    Only code of libraries may be further in than the loop: what it calls of the program's
    could do anything.
    """
    for frame in thread.stack.own_frames if thread.stack is not None else ():
        for (file, function), what in _LOOPS.items():
            if frame.bare_name == function and frame.file.endswith(file):
                return what
        if not is_library(frame):
            return None
    return None
