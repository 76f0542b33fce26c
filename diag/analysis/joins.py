"""Which thread a `Thread.join` waits for, where the lock itself does not say.

Up to 3.12 a join waits on a plain lock of the `Thread` object. The `self` of the
frame `Thread.join` is then the same object as the `self` of the frame
`_bootstrap_inner` at the bottom of the joined thread (Lib/threading.py, true of
3.9 to 3.15).
"""

from diag.analysis.frames import is_library
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.stack import Stack

_JOINING = frozenset({"join", "_wait_for_tstate_lock"})


def joined_thread(tree: Tree, waiter: ThreadId) -> ThreadId | None:
    """Return the thread whose end the waiter joins, None if it does not join or is not told."""
    awaited = _joins(tree.threads[waiter].stack)
    if awaited is None:
        return None
    for thread_id in tree.threads_of[waiter.pid]:
        if thread_id != waiter and _runs(tree.threads[thread_id].stack) == awaited:
            return thread_id
    return None


def _joins(stack: Stack | None) -> int | None:
    """Return the address of the `Thread` that the innermost frames wait for."""
    for frame in stack.frames[:2] if stack is not None else ():
        if not is_library(frame) or frame.bare_name not in _JOINING:
            return None
        if frame.bare_name == "join" and frame.file.endswith("/threading.py"):
            return frame.self_address
    return None


def _runs(stack: Stack | None) -> int | None:
    """Return the address of the `Thread` object that a thread runs."""
    for frame in reversed(stack.frames) if stack is not None else ():
        if frame.bare_name == "_bootstrap_inner" and is_library(frame):
            return frame.self_address
    return None
