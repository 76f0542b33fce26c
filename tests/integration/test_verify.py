"""How runs are scored: small programs, and a judge whose answers are known."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from diag.errors import TargetForbiddenError, TargetGoneError
from diag.model.finding import Confidence, Severity
from diag.model.report import Report
from diag.scenario import interpreter
from diag.scenario.expected import Score
from diag.scenario.labels import Ends, Expected, Kind, Needs, Scenario, Variant
from diag.scenario.verify import MOST_LOOKS, Case, Result, Verification
from tests.unit.scenario.test_expected import finding, report

OWN = interpreter.ask()
WANTED = Expected(rule="orphaned-lock", confidence=Confidence.PROVEN)
READY = "import os, sys, time\nprint('READY', os.getpid(), flush=True)\n"
HANGS = READY + "time.sleep(60)"
ENDS = READY + "time.sleep(0.2)"
FAILS = READY + "sys.exit('no such table')"
RIGHT, WRONG, NOTHING = report(finding()), report(finding(rule="lock-cycle")), report()


def case(folder: Path, program: str, kind: Kind = Kind.BROKEN, **fields: object) -> Case:
    (folder / "program.py").write_text(program)
    broken = kind is Kind.BROKEN
    facts: dict[str, object] = {"ends": Ends.HANGS, "expects": (WANTED,)} if broken else {}
    variant = Variant(
        name="v",
        kind=kind,
        about="",
        script="program.py",
        **(facts | fields),  # type: ignore[arg-type]
    )
    scenario = Scenario(
        name="s", folder=str(folder), title="", summary="", sources=(), variants=(variant,)
    )
    return Case(scenario=scenario, variant=variant, python=OWN)


def verdict(case: Case, ask: Callable[[int, float], Report]) -> Result:
    (result,) = Verification(ask).results([case], side_by_side=1)
    return result


def saying(*reports: Report) -> Callable[[int, float], Report]:
    """Return a judge that gives these reports in turn, and the last one for ever."""
    left = list(reports)
    return lambda _pid, _for_s: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize(
    ("reports", "score"),
    [
        ([RIGHT], Score.FOUND),
        ([NOTHING, RIGHT], Score.FOUND),  # something still moved at the first look
        ([NOTHING], Score.MISSED),
        ([WRONG], Score.WRONG_CAUSE),
        ([report(finding(), finding(rule="lock-cycle"))], Score.FALSE_ALARM),
    ],
)
def test_a_broken_program(tmp_path: Path, reports: list[Report], score: Score) -> None:
    result = verdict(case(tmp_path, HANGS), saying(*reports))
    assert result.score is score
    assert result.verdict_s is not None
    assert bool(result.reason) is (score is not Score.FOUND)


def test_a_rule_that_is_not_built_costs_one_look(tmp_path: Path) -> None:
    looks = []
    later = Expected(rule="no-such-rule", confidence=Confidence.LIKELY)

    def ask(pid: int, for_s: float) -> Report:
        looks.append(for_s)
        return NOTHING

    result = verdict(case(tmp_path, HANGS, expects=(later,), look_s=0.5), ask)
    assert result.score is Score.NO_RULE
    assert looks == [0.5]


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        (NOTHING, Score.CLEAN),
        (WRONG, Score.FALSE_ALARM),
        (report(finding(rule="zombies", severity=Severity.WARNING)), Score.CLEAN),
    ],
)
def test_a_healthy_program(tmp_path: Path, answer: Report, score: Score) -> None:
    healthy = case(tmp_path, ENDS, Kind.FIXED, must_not_find=("orphaned-lock",))
    assert verdict(healthy, saying(answer)).score is score


def test_a_healthy_program_that_ends_before_the_look_does(tmp_path: Path) -> None:
    def gone(pid: int, for_s: float) -> Report:
        raise TargetGoneError("it ended")

    result = verdict(case(tmp_path, ENDS, Kind.FIXED), gone)
    assert (result.score, result.reason) == (Score.CLEAN, "ended too soon for a look")


@pytest.mark.parametrize(
    ("program", "kind", "fields", "reason"),
    [
        (ENDS, Kind.BROKEN, {}, "ended with 0 instead of hanging"),
        (FAILS, Kind.FIXED, {}, "ended with 1: no such table"),
        ("print('no')", Kind.BROKEN, {}, "ended with 0 before it was ready: no"),
        (HANGS, Kind.FIXED, {"deadline_s": 0.1}, "did not end"),
        (HANGS, Kind.BROKEN, {"needs": Needs(python="3.99")}, "needs Python 3.99"),
        (HANGS, Kind.BROKEN, {"needs": Needs(before="3.0")}, "does not fail from Python 3.0 on"),
    ],
)
def test_what_is_not_what_its_label_says_did_not_run(
    tmp_path: Path, program: str, kind: Kind, fields: dict[str, object], reason: str
) -> None:
    result = verdict(case(tmp_path, program, kind, **fields), slowly)
    assert result.score is Score.DID_NOT_RUN
    assert reason in result.reason
    assert result.verdict_s is None


def slowly(pid: int, _for_s: float) -> Report:
    """Find nothing, and take until the program has ended or a moment has gone by."""
    wait_for_end(pid, 0.3)
    return NOTHING


def wait_for_end(pid: int, deadline_s: float) -> None:
    """Wait without collecting the exit status, as psutil would: it is the runner's."""
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline and psutil.pid_exists(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return
        time.sleep(0.01)


def test_a_target_that_may_not_be_read_did_not_run(tmp_path: Path) -> None:
    def refuse(pid: int, for_s: float) -> Report:
        raise TargetForbiddenError("not permitted")

    result = verdict(case(tmp_path, HANGS), refuse)
    assert (result.score, result.reason) == (Score.DID_NOT_RUN, "not permitted")


def test_those_that_compute_come_last_and_alone(tmp_path: Path) -> None:
    order, together, most = [], threading.Semaphore(0), []
    cases = []
    for number, computes in enumerate((True, False, True, False)):
        (tmp_path / str(number)).mkdir()
        cases.append(case(tmp_path / str(number), HANGS, computes=computes))

    def ask(pid: int, for_s: float) -> Report:
        folder = Path(psutil.Process(pid).cmdline()[1]).parent.name
        order.append(folder)
        together.release()
        most.append(together._value)
        together.acquire()
        return RIGHT

    results = list(Verification(ask).results(cases, side_by_side=2))
    assert len(results) == 4
    assert sorted(order[:2]) == ["1", "3"]
    assert order[2:] == ["0", "2"]
    assert most[2:] == [1, 1]


def test_nothing_is_left_when_it_is_given_up(tmp_path: Path) -> None:
    pids: list[int] = []
    started = threading.Event()

    def ask(pid: int, for_s: float) -> Report:
        pids.append(pid)
        started.set()
        wait_for_end(pid, 20)
        raise TargetGoneError("it ended")

    def give_up() -> None:
        quick = tmp_path / "quick"
        quick.mkdir()
        early = case(quick, READY, needs=Needs(python="3.99"))
        for _ in Verification(ask).results(
            [case(tmp_path, HANGS), early], side_by_side=2
        ):  # the one that does not run comes first
            assert started.wait(20)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        give_up()
    assert not psutil.pid_exists(pids[0])


def diag(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "diag", "scenario", "verify", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_scores_a_scenario() -> None:
    done = diag("lock-order")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lock-order/broken (Python " in done.stdout
    assert ": found after " in done.stdout
    assert ": clean" in done.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["lock-oder"], "no scenario is called"),
        (["lock-order", "--write-docs"], "needs all scenarios"),
        (["lock-order", "--python", "/no/such/python"], "/no/such/python"),
        (["lock-order", "-j", "0"], "-j"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(words: list[str], complaint: str) -> None:
    done = diag(*words)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_looks_are_bounded(tmp_path: Path) -> None:
    looks = []

    def ask(pid: int, for_s: float) -> Report:
        looks.append(pid)
        return NOTHING

    assert verdict(case(tmp_path, HANGS), ask).score is Score.MISSED
    assert len(looks) == MOST_LOOKS
