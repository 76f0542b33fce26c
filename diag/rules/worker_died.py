"""A child that was killed, or a worker that ended by itself, with what is known about its end."""

import signal
from collections.abc import Iterator

from diag.analysis.amounts import mebibytes
from diag.analysis.case import Case
from diag.analysis.deaths import kills_its_workers, status_in_words
from diag.analysis.endings import (
    CORE_DUMPED,
    exit_statuses,
    in_good_order,
    last_seen,
    signal_of,
)
from diag.analysis.rates import oom_kills
from diag.analysis.roles import ends_broken_pool, role_of, works_for_a_standard_pool
from diag.model.finding import Confidence, Evidence, Finding, Location, Severity, Source
from diag.model.ids import ProcessId, ThreadId
from diag.model.sample import ProcessSample
from diag.rules.base import Rule
from diag.rules.pool_recreated import remakes_pools

_OF_KEYBOARD = 1 << 8  # what KeyboardInterrupt leaves
# Signals that no program sends to end a child in good order.
_VIOLENT = frozenset(
    {
        signal.SIGKILL,
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGILL,
        signal.SIGFPE,
        signal.SIGSYS,
    }
)


def _check(case: Case) -> Iterator[Finding]:
    kills = oom_kills(case.samples) or 0
    statuses = exit_statuses(case.samples)
    dead: dict[tuple[int, int], list[ProcessSample]] = {}
    for process in last_seen(case.samples).values():
        status = statuses.get(process.id)
        if status is not None and _died(case, process, status, kills):
            dead.setdefault((process.parent_pid, status), []).append(process)
    for (_, status), alike in dead.items():
        yield _certificate(case, alike, status, kills)
    if kills and not any(signal_of(status) in _VIOLENT for status in statuses.values()):
        yield from _vanished(case, kills)
    elif not dead:
        yield from _broken_pools(case)


def _died(case: Case, process: ProcessSample, status: int, kills: int) -> bool:
    """Whether nobody can have meant it to end like this."""
    parent = case.tree.processes.get(process.parent_pid)
    if parent is None or parent.state == "Z":
        return False
    collected = process.id not in {each.id for each in case.samples[-1].processes}
    if collected and parent.pid in remakes_pools(case):
        return False
    known = case.tree.processes.get(process.pid)
    worker = known is not None and works_for_a_standard_pool(known)
    number = signal_of(status)
    if number is None:
        return worker and not in_good_order(status) and not _interrupted(case, parent.pid)
    if number is signal.SIGKILL and not kills:
        return not (collected and not worker) and not kills_its_workers(case, parent)
    return number in _VIOLENT


def _interrupted(case: Case, parent: int) -> bool:
    """Whether all children went with exit status 1, as Ctrl-C ends a pool's workers."""
    statuses = exit_statuses(case.samples)
    children = [each for each in last_seen(case.samples).values() if each.parent_pid == parent]
    return len(children) > 1 and all(statuses.get(each.id) == _OF_KEYBOARD for each in children)


def _certificate(case: Case, alike: list[ProcessSample], status: int, kills: int) -> Finding:
    *others, process = alike
    number = signal_of(status)
    name = status_in_words(status)
    counted = case.samples[-1].group
    before = (counted.oom_kills or 0) if counted else 0
    for_memory = number is signal.SIGKILL and (kills > 0 or before > 0)
    evidence = [
        Evidence(
            text=f"process {process.pid} has ended; what the kernel keeps of it names {name}"
            + (", and it dumped core" if status & CORE_DUMPED else ""),
            source=Source.OBSERVED,
        ),
        *_last_memory(case, process.id),
        _oom_evidence(case, kills),
    ]
    killed = "killed for want of memory" if for_memory else f"killed by {name}"
    how = f"was {killed}" if number else f"ended by itself with {name}"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY if for_memory and not kills else Confidence.PROVEN,
        title=f"child {process.pid} of {role_of(case.tree, process.parent_pid)}"
        f" {process.parent_pid} {how}{f', and {len(others)} more like it' if others else ''}",
        explanation=_EXPLANATION,
        advice=_ADVICE_MEMORY if for_memory else _ADVICE if number else _ADVICE_EXIT,
        primary=_place(case, process),
        related=(case.locate_process(process.parent_pid),),
        evidence=tuple(evidence),
    )


def _vanished(case: Case, kills: int) -> Iterator[Finding]:
    """Name the child that went away while the kernel killed for memory."""
    last = {each.id for each in case.samples[-1].processes}
    gone = {
        each.id: each for sample in case.samples for each in sample.processes if each.id not in last
    }
    parents = [each for each in gone.values() if each.parent_pid in case.tree.processes]
    if not parents:
        return
    largest = max(parents, key=lambda each: each.rss_bytes)
    yield Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"child {largest.pid} of {role_of(case.tree, largest.parent_pid)}"
        f" {largest.parent_pid} went away while the kernel killed for want of memory",
        explanation=_EXPLANATION,
        advice=_ADVICE_MEMORY,
        primary=_place(case, largest),
        related=(case.locate_process(largest.parent_pid),),
        evidence=(*_last_memory(case, largest.id), _oom_evidence(case, kills)),
    )


def _broken_pools(case: Case) -> Iterator[Finding]:
    """Name the parents in which a broken pool is being ended: its dead worker is collected."""
    cleaning: dict[int, list[ThreadId]] = {}
    for thread, seen in case.tree.threads.items():
        if ends_broken_pool(seen.stack):
            cleaning.setdefault(thread.pid, []).append(thread)
    for pid, threads in cleaning.items():
        pools = "a broken pool" if len(threads) == 1 else f"{len(threads)} broken pools"
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            confidence=Confidence.LIKELY,
            title=f"{role_of(case.tree, pid)} {pid} is ending {pools}: a worker died",
            explanation=_EXPLANATION,
            advice=_ADVICE,
            primary=case.locate_process(pid),
            related=tuple(case.locate(thread) for thread in threads),
            evidence=tuple(
                Evidence(
                    text=f"thread {thread.tid} is in terminate_broken() of"
                    " concurrent.futures.process, where it goes once a worker has ended by itself",
                    source=Source.OBSERVED,
                )
                for thread in threads
            ),
        )


def _place(case: Case, process: ProcessSample) -> Location:
    if process.pid in case.tree.processes:
        return case.locate_process(process.pid)
    return Location(pid=process.pid, process_role="child")


def _last_memory(case: Case, process: ProcessId) -> tuple[Evidence, ...]:
    sizes = [
        each.rss_bytes
        for sample in case.samples
        for each in sample.processes
        if each.id == process and each.rss_bytes
    ]
    if not sizes:
        return ()
    text = f"it held {mebibytes(sizes[-1])} when it was last seen alive"
    return (Evidence(text=text, source=Source.OBSERVED),)


def _oom_evidence(case: Case, kills: int) -> Evidence:
    group = case.samples[-1].group
    if group is None or group.oom_kills is None:
        text = "whether the kernel killed for memory is not known"
    elif kills:
        text = f"the kernel killed {kills} process(es) of the control group for memory meanwhile"
    elif group.oom_kills:
        text = (
            f"the kernel has killed {group.oom_kills} process(es) of the control group for memory"
        )
    else:
        text = "the kernel has killed nothing in the control group for memory"
    return Evidence(text=text, source=Source.OBSERVED)


_EXPLANATION = (
    "A process that is killed runs no cleanup: locks it held stay held, its task is lost."
    " concurrent.futures then breaks the whole pool; multiprocessing.Pool starts another worker"
    " and waits for the lost result for ever."
)
_ADVICE = (
    "Find who killed it: `dmesg` for the kernel, faulthandler for a crash in native code. Use"
    " ProcessPoolExecutor, which notices; retry the task once, then set it aside."
)
_ADVICE_EXIT = (
    "Look for os._exit() and sys.exit() in the task and in the pool's initializer, and for what the"
    " worker said on standard error. An error belongs into an exception: that reaches the parent."
)
_ADVICE_MEMORY = (
    "Give the group more memory, or each task less: smaller chunks, fewer workers, results"
    " written out rather than returned."
)

RULE = Rule(
    id="worker-died",
    title="A child was killed",
    severity=Severity.WARNING,
    summary="A child crashed, or was ended by SIGKILL and its parent has not collected it; a pool's"
    " worker ended other than in good order; the kernel killed for want of memory during the look;"
    " or an executor is ending a pool that its worker's death broke.",
    needs="counters taken during the look",
    check=_check,
    has_evidence=lambda case: len(case.samples) >= 2,
)
