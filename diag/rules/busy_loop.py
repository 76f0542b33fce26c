"""A thread that uses a CPU and gets nowhere."""

from collections.abc import Iterator

from msgspec.structs import replace

from diag.analysis.case import Case
from diag.analysis.chain import victim_links, wait_link
from diag.analysis.frames import is_library
from diag.analysis.spinning import Spin, spin_of
from diag.analysis.starvation import held_gils
from diag.model.finding import Confidence, Evidence, Finding, Location, Severity, Source
from diag.model.ids import ThreadId
from diag.rules.base import Rule

_WORKS_S = 0.1  # CPU time of a thread that does something


def _check(case: Case) -> Iterator[Finding]:
    ticks_per_s = case.host.clock_ticks_per_s
    starving = {
        held.holder: held.starving
        for held in held_gils(case.tree, case.second, ticks_per_s=ticks_per_s)
    }
    for thread_id in case.tree.threads:
        spin = spin_of(case, thread_id)
        if spin is not None and (spin.matching or thread_id not in starving):
            yield _finding(case, thread_id, spin, starving.get(thread_id, ()))


def _finding(
    case: Case, thread_id: ThreadId, spin: Spin, starving: tuple[ThreadId, ...]
) -> Finding:
    place = _place(case, thread_id, spin)
    where = place.function or "C code"
    does = f"spins in {where}"
    if spin.matching:
        does = f"matches one regular expression in {where}"
    elif spin.asks:
        does += f" and asks {_listed(spin.asks)} in vain"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.POSSIBLE if _may_end(case, thread_id, spin) else Confidence.LIKELY,
        title=f"{case.name(thread_id)} {does}: {spin.used_s:.1f} s of CPU time,"
        " and nothing has changed",
        explanation=_MATCHING if spin.matching else _ASKING if spin.asks else _SPINNING,
        advice=_ADVICE_MATCHING if spin.matching else _ADVICE_SPINNING,
        primary=place,
        related=tuple(map(case.locate, starving)),
        evidence=tuple(_evidence(case, thread_id, spin)),
        chain=(wait_link(case, thread_id), *victim_links(case, starving)),
    )


def _evidence(case: Case, thread_id: ThreadId, spin: Spin) -> Iterator[Evidence]:
    kernel = "" if spin.looks else ", hardly any of it in the kernel"
    yield Evidence(
        text=f"thread {thread_id.tid} of {thread_id.pid} used {spin.used_s:.1f} s of CPU time"
        f" in {case.apart_s:.1f} s{kernel}",
        source=Source.OBSERVED,
    )
    if not spin.looks:
        yield Evidence(
            text="its frames, their variables, the attributes and lengths of what these refer"
            " to, and the module's globals were the same in both looks",
            source=Source.READ,
        )
        return
    yield Evidence(
        text=f"in {spin.looks} looks at its frames it never left the loop, and what its"
        " variables and the module's globals refer to came back to the same values",
        source=Source.READ,
    )
    if spin.asks:
        yield Evidence(
            text=f"all that it was seen to call only asks: {_listed(spin.asks)}", source=Source.READ
        )


def _place(case: Case, thread_id: ThreadId, spin: Spin) -> Location:
    """Return where the loop is: the stack of one look may be in what it calls."""
    place = case.locate(thread_id)
    frame = spin.frame
    if frame is None or is_library(frame):
        return place
    return replace(place, function=frame.function, file=frame.file, line=frame.line)


def _may_end(case: Case, thread_id: ThreadId, spin: Spin) -> bool:
    """Whether somebody else of the tree works, and may bring what is asked for."""
    if spin.matching:
        return False
    working = {
        ThreadId(thread.pid, thread.tid)
        for activity in case.activities[-1:]
        for thread in activity.threads
        if thread.cpu_ticks >= _WORKS_S * case.host.clock_ticks_per_s
    }
    others = (working & case.tree.threads.keys()) - {thread_id}
    return any(spin_of(case, other) is None for other in others)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name}()" for name in names)


_SPINNING = (
    "The thread runs all the time, calls nothing that could get on, and after that everything"
    " that it can see is as it was before: it asks in a loop for something that another party"
    " has to change."
)
_ASKING = (
    "The thread runs all the time, comes back to the same few states, and calls nothing but"
    " functions that ask: whether there is an item, a lock is free, a file is there. What it"
    " waits for has to be changed by another party; that it never will is not proven."
)
_MATCHING = (
    "The thread has been matching all the time. A pattern in which one repetition stands in"
    " another, or two alternatives match the same text, tries exponentially many ways before it"
    " gives up; and the GIL is not released meanwhile."
)
_ADVICE_SPINNING = (
    "Wait for the change with a Condition, an Event or a queue instead of asking for it in a loop,"
    " and make sure that its author still runs. A calculation that is meant to take long is no"
    " trouble."
)
_ADVICE_MATCHING = (
    "Rewrite the pattern without nested repetition ((a+)+) and overlapping alternatives, use"
    " possessive or atomic groups (Python 3.11), or bound the length of the text."
)


RULE = Rule(
    id="busy-loop",
    title="A thread uses a CPU and gets nowhere",
    severity=Severity.WARNING,
    summary="A thread computes from the first look to the second, and nothing that it can see"
    " has changed, or it comes back to the same few states and only asks.",
    needs="two looks at the variables of running threads, 0.5 s apart or more",
    check=_check,
)
