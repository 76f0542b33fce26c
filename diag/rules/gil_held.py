"""C code that keeps the GIL while it blocks or works: every other thread starves."""

from collections.abc import Iterator

from diag.analysis.case import Case
from diag.analysis.causes import CauseKind
from diag.analysis.chain import victim_links, wait_link, wait_words
from diag.analysis.spinning import spin_of
from diag.analysis.starvation import HeldGil, gil_holder, held_gils
from diag.model.finding import Confidence, Evidence, Finding, Severity, Source
from diag.model.wait import WaitKind
from diag.rules.base import Rule, Scope
from diag.rules.deadlock import common_fields, deadlocks

_EXPLANATION = (
    "Python code gives the GIL away when another thread has waited for 5 ms. C code has to do so"
    " itself, before it blocks or works for long. This code does not: no other thread of the"
    " process can run Python code meanwhile, not even a signal handler."
)
_ADVICE = (
    "Let the extension release the GIL around the call (Py_BEGIN_ALLOW_THREADS; nogil in Cython;"
    " ctypes.CDLL instead of PyDLL)"
)
_DEAD = "; take the GIL before any lock of the library, never while holding one."
_LIVE = ", or move the work to a process of its own. Regular expressions never release it: bound"
_LIVE += " their input and avoid nested repetition."


def _check(case: Case) -> Iterator[Finding]:
    for deadlock in deadlocks(case, CauseKind.GIL_HELD):
        holders = {member: gil_holder(case.tree, member.pid) for member in deadlock.members}
        culprit = next(member for member, holder in holders.items() if member == holder)
        fields = common_fields(case, deadlock)
        others = (member for member in deadlock.members if member != culprit)
        fields["primary"] = case.locate(culprit)
        fields["related"] = tuple(map(case.locate, (*others, *deadlock.victims)))
        yield Finding(
            rule=RULE.id,
            severity=Severity.ERROR,
            title=f"{wait_words(case, culprit)} while it holds the GIL, and can never run again",
            explanation=_EXPLANATION,
            advice=_ADVICE + _DEAD,
            **fields,
        )
    ticks_per_s = case.host.clock_ticks_per_s
    for held in held_gils(case.tree, case.second, ticks_per_s=ticks_per_s):
        spin = spin_of(case, held.holder)
        told_as_regex = spin is not None and spin.matching  # by the rule busy-loop
        if held.holder not in case.liveness.likely and not told_as_regex:
            yield _live(case, held)


def _live(case: Case, held: HeldGil) -> Finding:
    runs = case.tree.threads[held.holder].wait.kind is WaitKind.RUNNING
    does = "runs C code" if runs else wait_words(case, held.holder).removeprefix(
        case.name(held.holder) + " "
    )  # fmt: skip
    return Finding(
        rule=RULE.id,
        severity=RULE.severity,
        confidence=Confidence.LIKELY,
        title=f"{case.name(held.holder)} {does} and keeps the GIL:"
        f" {len(held.starving)} thread{'s' if len(held.starving) > 1 else ''} cannot run",
        explanation=_EXPLANATION,
        advice=_ADVICE + _LIVE,
        primary=case.locate(held.holder),
        related=tuple(map(case.locate, held.starving)),
        evidence=(
            Evidence(
                text=f"the GIL of {held.holder.pid} did not change hands for {case.apart_s:.1f} s"
                f" (switch number {held.switch_number}, unchanged); thread {held.holder.tid}"
                " holds it",
                source=Source.READ,
            ),
            Evidence(
                text=f"{len(held.starving)} threads waited for it in both looks",
                source=Source.OBSERVED,
            ),
        ),
        chain=(wait_link(case, held.holder), *victim_links(case, held.starving)),
    )


RULE = Rule(
    id="gil-held",
    title="C code keeps the GIL",
    severity=Severity.WARNING,
    summary="A thread blocks or works in C code while it holds the GIL, and others wait for it.",
    needs="two looks at the GIL, read from the memory of the process",
    check=_check,
    scope=Scope.PROCESS,
)
