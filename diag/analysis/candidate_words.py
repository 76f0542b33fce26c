"""Who seems to hold a lock without an owner, in words."""

from diag.analysis.case import Case
from diag.analysis.frames import place
from diag.model.ids import ThreadId
from diag.model.lock import Candidate
from diag.model.stack import Frame

_SHOWN = 3
UNPROVEN = (
    "who holds the lock is read from the source of the functions that took it, and any thread"
    " may release it"
)


def candidate_words(case: Case, waiter: ThreadId) -> list[str]:
    """Return a line for each thread that seems to hold the lock that a thread waits for."""
    lock = case.tree.threads[waiter].wait.lock
    candidates = lock.candidates if lock is not None else ()
    lines = [_line(case, waiter, one) for one in candidates[:_SHOWN]]
    more = len(candidates) - _SHOWN
    return [*lines, f"and {more} more threads seem to"] if more > 0 else lines


def _line(case: Case, waiter: ThreadId, candidate: Candidate) -> str:
    holder = case.tree.thread_with_ident(waiter.pid, candidate.ident)
    who = "a thread that has ended" if holder is None else case.name(holder)
    who = "this very thread" if holder == waiter else who
    frame = Frame(function=candidate.function, file=candidate.file, line=candidate.line)
    return f"{who} seems to hold it: it took {candidate.name} in {place(frame)}"
