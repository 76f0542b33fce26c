"""Functions that ask whether something has changed, and change nothing themselves.

A clock is none of them: a loop that asks it ends by itself some day.
"""

from diag.model.stack import Frame

# C functions, by name: an answer at once, and no progress of their own.
ASKING = frozenset(
    (
        "acquire",
        "locked",
        "_is_owned",
        "empty",
        "qsize",
        "is_set",
        "done",
        "poll",
        "select",
        "stat",
        "lstat",
        "access",
        "listdir",
        "waitpid",
        "waitid",
        "wait4",
        "_get_value",
        "_is_zero",
        "_is_mine",
    )
)
# They help to ask, and are too short to be progress.
PURE = frozenset(
    (
        "len",
        "bool",
        "isinstance",
        "any",
        "all",
        "getattr",
        "hasattr",
        "int",
        "float",
        "release",
        "__enter__",
        "__exit__",
        "fspath",
        "getppid",
        "sched_yield",
        "sleep",
    )
)

_IN_LIBRARY = {
    "/threading.py": ("is_set", "isSet", "is_alive", "locked", "acquire"),
    "/queue.py": ("empty", "full", "qsize", "get_nowait", "get"),
    "/multiprocessing/queues.py": ("empty", "full", "qsize", "get_nowait", "get"),
    "/multiprocessing/synchronize.py": ("is_set", "get_value", "locked"),
    "/multiprocessing/connection.py": ("poll", "wait"),
    "/multiprocessing/process.py": ("is_alive", "exitcode"),
    "/multiprocessing/pool.py": ("ready",),
    "/subprocess.py": ("poll",),
    "/concurrent/futures/_base.py": ("done", "running", "cancelled", "wait"),
    "/genericpath.py": ("exists", "isfile", "isdir", "getsize", "getmtime"),
    "/pathlib.py": ("exists", "is_file", "is_dir", "stat"),
    "/pathlib/__init__.py": ("exists", "is_file", "is_dir", "stat"),
    "/selectors.py": ("select",),
}
_FROZEN = {"<frozen genericpath>": "/genericpath.py"}


def asks(frame: Frame) -> str | None:
    """Return the function's name if it is one of the library that only asks."""
    file = _FROZEN.get(frame.file, frame.file)
    for ending, names in _IN_LIBRARY.items():
        if file.endswith(ending) and frame.bare_name in names:
            return frame.bare_name
    return None
