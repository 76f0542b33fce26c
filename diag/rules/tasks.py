"""When there can be no more processes and threads, at the pace at which a tree starts them."""

import math

from diag.analysis.amounts import duration
from diag.analysis.case import Case
from diag.analysis.rates import span_s
from diag.model.limits import Limits
from diag.model.sample import Sample


def half_of_all(case: Case) -> float:
    """Return half of the processes and threads that there may be, infinity if not known."""
    limits = _limits(case)
    if limits is None or limits.tasks_limit is None:
        return math.inf
    return limits.tasks_limit / 2


def forecast(case: Case, per_s: float) -> str:
    """Return which limit is reached when, to follow a title; "" if none is known.

    Args:
        case: whose limits were read with the first look.
        per_s: processes or threads that are started a second, and stay; more if
            those that are started have several threads.

    """
    limits = _limits(case)
    if limits is None or limits.tasks_limit is None or limits.tasks_used is None:
        return ""
    last = _threads(case.samples[-1])
    seen_s = span_s(case.samples)
    if seen_s > 0:
        per_s = max(per_s, (last - _threads(case.samples[0])) / seen_s)
    used = limits.tasks_used + max(0, last - len(case.tree.threads))
    left_s = max(0, limits.tasks_limit - used) / per_s
    source = limits.tasks_limit_source
    return f"; {used} of {limits.tasks_limit} ({source}), the last in about {duration(left_s)}"


def _limits(case: Case) -> Limits | None:
    return case.tree.snapshot.processes[0].limits


def _threads(sample: Sample) -> int:
    return sum(process.threads for process in sample.processes)
