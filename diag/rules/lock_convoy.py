"""Threads that compute and queue up for one lock, again and again."""

from collections import Counter
from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.demand import Demand
from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.roles import is_pool_thread, role_of
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.sample import ThreadActivity
from diag.model.thread import Thread
from diag.rules.base import Rule, Scope
from diag.rules.load import has_load, load_of, locate

_MUTEX_AT = 16
_LOCKS = {LockKind.LOCK, LockKind.RLOCK}
_LEAST_THREADS = 3
_LEAST_SHARE = 0.1  # of all looks at these threads
# From 3.14 on whoever is woken for a lock first waits for the GIL, and may find the lock taken.
_LEAST_OF_GIL = 0.5
_LEAST_SWITCHES_PER_S = 50.0
# A thread waits this often for nothing else that it does between computing. On a crowded machine
# it is then mostly seen waiting for a CPU, with a lock that it has been given.
_MANY_SWITCHES_PER_S = 1000.0
_LEAST_SHARE_OF_MANY = 0.01
_LEAST_CPUS, _MOST_CPUS = 0.2, 1.3


def convoys_in(case: Case) -> frozenset[int]:
    """Return the processes whose threads queue up for a lock."""
    return frozenset(finding.primary.pid for finding in _check(case))


def _check(case: Case) -> Iterator[Finding]:
    load = load_of(case)
    for demand in load.demands.values() if load else ():
        counted = Counter(thread.lock for thread in demand.computing if thread.lock is not None)
        for lock, _ in counted.most_common(1):
            queue = _queue(case, demand, lock)
            if _is_convoy(case, demand, queue) and _is_plain_lock(case, queue, lock):
                yield _finding(case, demand, queue, lock)


def _queue(case: Case, demand: Demand, lock: int) -> list[ThreadActivity]:
    """Return the threads that were seen at a lock, and those that can have been at no other."""
    return [
        thread
        for thread in demand.computing
        if thread.lock == lock
        or (thread.lock is None and _switches_per_s(case, thread) >= _MANY_SWITCHES_PER_S)
    ]


def _is_convoy(case: Case, demand: Demand, queue: list[ThreadActivity]) -> bool:
    """Whether the lock goes from one to the next quickly and keeps the others off the CPU."""
    switches_per_s = sum(_switches_per_s(case, each) for each in queue) / max(1, len(queue))
    many = switches_per_s >= _MANY_SWITCHES_PER_S
    least = _LEAST_SHARE_OF_MANY if many else _LEAST_SHARE
    return (
        len(queue) >= _LEAST_THREADS
        and _share(queue) >= max(least, _LEAST_OF_GIL * _gil_share(queue))
        and _LEAST_CPUS <= demand.used_cpus <= _MOST_CPUS
        and switches_per_s >= _LEAST_SWITCHES_PER_S
    )


def _share(queue: list[ThreadActivity]) -> float:
    return sum(t.waiting_for_lock for t in queue) / sum(t.looks for t in queue)


def _gil_share(queue: list[ThreadActivity]) -> float:
    return sum(t.waiting_for_gil for t in queue) / sum(t.looks for t in queue)


def _switches_per_s(case: Case, thread: ThreadActivity) -> float:
    thread_id = ThreadId(thread.pid, thread.tid)
    before, after = case.tree.threads.get(thread_id), case.second.threads.get(thread_id)
    if before is None or after is None or after.read_at_s <= before.read_at_s:
        return 0.0
    switches = (after.voluntary_switches or 0) - (before.voluntary_switches or 0)
    return switches / (after.read_at_s - before.read_at_s)


def _is_plain_lock(case: Case, queue: list[ThreadActivity], lock: int) -> bool:
    """Whether the stacks take a lock by themselves, and memory does not say otherwise.

    A lock that changes hands quickly is often another's before its object is read. Threads
    of a pool also wait for its queue: there the object must have been read.
    """
    ids = (ThreadId(each.pid, each.tid) for each in queue)
    threads = [case.tree.threads[each] for each in ids if each in case.tree.threads]
    kinds = {
        thread.wait.lock.kind
        for thread in threads
        if thread.wait.lock is not None and _waits_at(thread, lock)
    }
    plain = [thread for thread in threads if idiom_of(thread.stack) is Idiom.LOCK]
    pooled = any(is_pool_thread(thread.stack) for thread in threads)
    known = kinds - {LockKind.UNKNOWN}
    return len(plain) * 2 > len(queue) and known <= _LOCKS and (bool(known) or not pooled)


def _waits_at(thread: Thread, lock: int) -> bool:
    """Whether it is this lock: a mutex follows the head of its object (16 bytes)."""
    wait = thread.wait
    if wait.lock is not None and wait.lock.address == lock - _MUTEX_AT:
        return True
    return wait.futex is not None and wait.futex.address == lock


def _finding(case: Case, demand: Demand, queue: list[ThreadActivity], lock: int) -> Finding:
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{len(queue)} threads of {role_of(case.tree, demand.pid)} {demand.pid} queue up for"
        f" one lock and use {demand.used_cpus:.2g} CPUs together",
        explanation="Each of them takes the same lock so often that the others mostly wait for"
        " it: a lock convoy. It moves, so it is no deadlock, and it is not the GIL alone: without"
        " the GIL, too, these threads would run one at a time.",
        advice="Take the lock less often: let each thread add up its own part and merge in the"
        " end, hold it for the shared access only, or split the data under several locks.",
        primary=locate(case, queue[0]),
        related=tuple(locate(case, thread) for thread in queue[1:]),
        evidence=(
            Evidence(
                text=f"{len(queue)} threads waited for the lock at {lock:#x} in"
                f" {_share(queue):.0%} of the looks",
                source=Source.OBSERVED,
            ),
            Evidence(
                text="it changes hands quickly: "
                + ", ".join(f"{_switches_per_s(case, each):.0f}" for each in queue[:6])
                + " waits a second",
                source=Source.OBSERVED,
            ),
        ),
    )


RULE = Rule(
    id="lock-convoy",
    title="Threads that compute queue up for one lock",
    severity=Severity.WARNING,
    summary="Three threads or more use CPU time, wait for the same lock in a tenth of all looks or"
    " more, and hand it on dozens of times a second; thousands of times, and a hundredth will do.",
    needs="counters taken during the look, and Python stacks",
    check=_check,
    has_evidence=has_load,
    scope=Scope.PROCESS,
)
