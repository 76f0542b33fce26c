"""Runs variants of scenarios, lets diag look at them, and scores what it says."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from diag import pipeline
from diag.errors import DiagError, TargetGoneError
from diag.model.base import Record
from diag.model.report import Report
from diag.scenario import expected, run
from diag.scenario.expected import Check, Score
from diag.scenario.interpreter import Interpreter
from diag.scenario.labels import Ends, Kind, Scenario, Variant

MOST_LOOKS = 3  # as a watcher would: a first look may come while something still moves
_TICK_S = 0.05
# The worst first: a variant is as good as the worst answer about it.
_WORST = (
    Score.DID_NOT_RUN,
    Score.FALSE_ALARM,
    Score.WRONG_CAUSE,
    Score.MISSED,
    Score.NO_RULE,
    Score.FOUND,
    Score.CLEAN,
)
FAILURES = frozenset({Score.FALSE_ALARM, Score.WRONG_CAUSE, Score.MISSED})

Diagnose = Callable[[int, float], Report]


class Case(Record, frozen=True):
    """A variant and the Python to run it with."""

    scenario: Scenario
    variant: Variant
    python: Interpreter


class Result(Record, frozen=True, omit_defaults=False):
    """What diag said of one run.

    Attributes:
        python: version of the interpreter.
        expects: what the label asks for, in words.
        score: how the report compares with it.
        verdict_s: seconds from READY to the report that was scored, None without one.
        reason: what was other than expected, in words; empty if nothing was.

    """

    scenario: str
    variant: str
    kind: Kind
    python: str
    expects: str
    score: Score
    verdict_s: float | None = None
    reason: str = ""


def diagnose(pid: int, for_s: float) -> Report:
    """Look at a tree and judge it."""
    return pipeline.judge(pipeline.look(pid, for_s=for_s))


class Verification:
    """Runs cases side by side. Whatever ends it, nothing that it has started is left."""

    def __init__(self, ask: Diagnose = diagnose) -> None:
        self._ask = ask
        self._stopping = threading.Event()
        self._running: set[run.Running] = set()

    def results(self, cases: Sequence[Case], *, side_by_side: int) -> Iterator[Result]:
        """Yield a result for each case as soon as there is one.

        Those that compute come last and one by one: they would disturb each other.
        """
        quiet = [case for case in cases if not case.variant.computes]
        pool = ThreadPoolExecutor(side_by_side)
        try:
            for future in as_completed([pool.submit(self.verify, case) for case in quiet]):
                yield future.result()
            for case in cases:
                if case.variant.computes:
                    yield self.verify(case)
        finally:
            self._stopping.set()
            for running in tuple(self._running):
                running.tree.end()
            pool.shutdown(cancel_futures=True)

    def verify(self, case: Case) -> Result:
        """Run one case to its verdict."""
        if missing := case.variant.needs.missing(case.python):
            return _result(case, Score.DID_NOT_RUN, reason=missing)
        command = case.python.command
        # A healthy one is waited for; of a broken one the full size is to be seen.
        quick = case.variant.kind is not Kind.BROKEN
        with run.launch(case.scenario, case.variant, python=command, quick=quick) as running:
            self._running.add(running)
            try:
                running.wait_ready()
                if running.notes:  # without its limits it is another program
                    return _result(case, Score.DID_NOT_RUN, reason="; ".join(running.notes))
                return self._looked_at(case, running)
            except DiagError as error:
                return _result(case, Score.DID_NOT_RUN, reason=str(error))
            finally:
                self._running.discard(running)

    def _looked_at(self, case: Case, running: run.Running) -> Result:
        started = time.monotonic()
        checks: tuple[Check, ...] = ()
        verdict_s = None
        for _ in range(MOST_LOOKS):
            if running.ended():  # until it is collected, a zombie could be looked at
                break
            try:
                report = self._ask(running.pid, case.variant.look_s)
            except TargetGoneError:
                break
            checks, verdict_s = expected.check(case.variant, report), time.monotonic() - started
            if _settled(case.variant, checks):
                break
        if wrong := self._wrong_end(case.variant, running, checks):
            return _result(case, Score.DID_NOT_RUN, reason=wrong)
        if not checks:
            return _result(case, Score.CLEAN, reason="ended too soon for a look")
        score = worst(checks)
        told = [f"{each.score}: {each.text}" for each in checks if each.score in FAILURES]
        told += [f"as {each.by_rule}" for each in checks if each.by_rule]
        return _result(case, score, verdict_s=verdict_s, reason="; ".join(told))

    def _wrong_end(
        self, variant: Variant, running: run.Running, checks: tuple[Check, ...]
    ) -> str | None:
        """Say in which way it was not what its label says; None if it was."""
        if variant.kind is Kind.BROKEN:
            found = checks and worst(checks) is Score.FOUND
            if running.ended() and not found and variant.ends is Ends.HANGS:
                return f"ended with {running.exit_status()} instead of hanging"
            return None if checks or variant.beyond else "ended too soon for a look"
        deadline = time.monotonic() + variant.deadline_s
        while not running.ended():
            if time.monotonic() > deadline or self._stopping.is_set():
                return "did not end"
            time.sleep(_TICK_S)
        if running.exit_status() == 0:
            return None
        return f"ended with {running.exit_status()}: {running.lines[-1] if running.lines else ''}"


def worst(checks: Sequence[Check]) -> Score:
    """Return the score of a variant: that of the worst answer about it."""
    return min((each.score for each in checks), key=_WORST.index)


def _settled(variant: Variant, checks: Sequence[Check]) -> bool:
    """Whether another look could not make it better (or, of a healthy one, worse)."""
    if variant.expects:
        return worst(checks) in {Score.FOUND, Score.NO_RULE}
    return worst(checks) is Score.FALSE_ALARM


def _result(
    case: Case, score: Score, *, verdict_s: float | None = None, reason: str = ""
) -> Result:
    wanted = ", ".join(each.rule for each in case.variant.expects) or "nothing"
    return Result(
        scenario=case.scenario.name,
        variant=case.variant.name,
        kind=case.variant.kind,
        python=case.python.version,
        expects=wanted,
        score=score,
        verdict_s=verdict_s,
        reason=reason,
    )
