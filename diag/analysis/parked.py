"""Main threads that nothing but a signal could set going: parked on purpose, or forgotten.

From outside the two are not told apart, so it is no finding; it is said all the same.
"""

from diag.analysis.case import Case
from diag.analysis.chain import wait_words
from diag.analysis.signals import is_parked_main
from diag.model.ids import ThreadId

WORDS = "nothing but a signal is left to end that"


def parked_mains(case: Case) -> tuple[ThreadId, ...]:
    """Return the main threads that wait for nobody who is left, as parked programs do."""
    return tuple(
        thread_id
        for thread_id, thread in case.tree.threads.items()
        if thread_id in case.liveness.inert - case.liveness.likely
        and case.tree.processes[thread_id.pid].signallers is None
        and thread.stack is not None
        and (thread.polling is None or thread.polling.condition is not None)
        and is_parked_main(case.tree, thread_id)
    )


def parked_words(case: Case) -> str | None:
    """Say which main thread is parked, None if none is."""
    found = parked_mains(case)
    return f"{wait_words(case, found[0])}, and {WORDS}" if found else None
