"""Threads that pause in a loop that only looks around, now and then.

What such a loop does is read from the source: it makes nothing sure.
"""

from diag.analysis.idioms import Idiom, idiom_of
from diag.model.thread import Polling, Thread
from diag.model.wait import WaitKind

MOST_CPU = 0.1  # of the time between two looks: more is no pause


def keeps_polling(before: Thread, after: Thread | None) -> bool:
    """Return whether a thread was in the same kind of pause in both looks, and did next to nothing.

    That it is in the same loop is told by the first look alone.
    """
    if before.polling is None or after is None or before.start_ticks != after.start_ticks:
        return False
    if before.wait.kind is not after.wait.kind or not _pauses(after):
        return False
    ticks = after.user_ticks + after.system_ticks - before.user_ticks - before.system_ticks
    return ticks <= 100 * MOST_CPU * (after.read_at_s - before.read_at_s) + 1


def _pauses(thread: Thread) -> bool:
    return thread.wait.kind is WaitKind.SLEEP or thread.wait.timed


def waits_for_work(thread: Thread) -> bool:
    """Return whether a thread looks, now and then, whether others have done something."""
    polling = thread.polling
    if polling is None or polling.condition is None:
        return False
    return polling.for_work or (thread.wait.kind is WaitKind.LOCK and not _looks_at_event(thread))


def _looks_at_event(thread: Thread) -> bool:
    """Whether an Event serves it as a flag that can be slept on: `while not stop.wait(1)`."""
    return idiom_of(thread.stack) is Idiom.EVENT


def polling_words(polling: Polling) -> str:
    """Return what the loop does: "only looks, now and then, at `not stop` (line 7)"."""
    if polling.condition is None:
        return f"only pauses, in a loop without an end (line {polling.line})"
    return f"only looks, now and then, at `{polling.condition}` (line {polling.line})"
