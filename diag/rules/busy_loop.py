"""A thread that uses a CPU and gets nowhere."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.chain import victim_links, wait_link
from diag.analysis.spinning import Spin, spin_of
from diag.analysis.starvation import held_gils
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.ids import ThreadId
from diag.rules.base import Rule


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
    used_s, matching = spin.used_s, spin.matching
    place = case.locate(thread_id)
    where = place.function or "C code"
    does = f"matches one regular expression in {where}" if matching else f"spins in {where}"
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{case.name(thread_id)} {does}: {used_s:.1f} s of CPU time, and nothing has changed",
        explanation=_MATCHING if matching else _SPINNING,
        advice=_ADVICE_MATCHING if matching else _ADVICE_SPINNING,
        primary=place,
        related=tuple(map(case.locate, starving)),
        evidence=(
            Evidence(
                text=f"thread {thread_id.tid} of {thread_id.pid} used {used_s:.1f} s of CPU time"
                f" in {case.apart_s:.1f} s, hardly any of it in the kernel",
                source=Source.OBSERVED,
            ),
            Evidence(
                text="its frames, their variables, the attributes and lengths of what these refer"
                " to, and the module's globals were the same in both looks",
                source=Source.READ,
            ),
        ),
        chain=(wait_link(case, thread_id), *victim_links(case, starving)),
    )


_SPINNING = (
    "The thread runs all the time, calls nothing, and after that everything it can see is as it"
    " was before: it asks in a loop for something that another party has to change."
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
    " has changed.",
    needs="two looks at the variables of running threads, 0.5 s apart or more",
    check=_check,
)
