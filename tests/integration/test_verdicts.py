"""What diag says of programs that really hang, and of healthy ones that look as if they did.

Each program runs on one of the Pythons that the machine has, on more with
DIAG_TEST_PYTHONS=<number>. Programs mostly sleep, so several are looked at side by side.
"""

import functools
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from diag.model.finding import Finding, Severity
from diag.model.report import Report, Verdict
from diag.pipeline import judge, look
from diag.scenario import cgroups
from diag.scenario.places import NotPermittedError
from tests.integration import harness, pythons
from tests.integration.harness import Expected, Program

PYTHONS_EACH = int(os.environ.get("DIAG_TEST_PYTHONS", "1"))
SIDE_BY_SIDE = 4
LOOK_S = 1.0
DEADLINE_S = 600.0  # all steps have shorter ones of their own


@dataclass(frozen=True, eq=False)  # a case is itself only: targets cannot be hashed
class Case:
    """A program and the Python to run it with."""

    program: Program
    target: pythons.Target

    @property
    def label(self) -> str:
        """The test's id."""
        return f"{self.program.name}-{self.target.label}"

    @property
    def missing(self) -> list[str]:
        """Commands without which it cannot run there."""
        return self.program.missing(self.target)


@dataclass(frozen=True)
class Outcome:
    """What diag said, and what became of the target meanwhile."""

    report: Report
    stopped_before: set[int]
    stopped_after: set[int]


@functools.cache
def cases(folder: str) -> list[Case]:
    """Pair every program with some Pythons; which ones depends on its name alone."""
    targets = pythons.one_per_minor()
    chosen = []
    for program in harness.programs(folder):
        if program.stall_s is not None:
            continue  # tests/integration/test_watch.py has those
        targets = [t for t in pythons.one_per_minor() if t.version[:2] <= program.newest]
        first = zlib.crc32(program.name.encode())
        count = min(PYTHONS_EACH, len(targets))
        chosen += [
            Case(program, targets[(first + number) % len(targets)]) for number in range(count)
        ]
    return chosen


def examine(case: Case) -> Outcome:
    """Run one program and let diag look at it."""
    with (
        limited(case.program) as groups,
        harness.running(case.program, case.target, groups=groups) as pid,
    ):
        before = stopped(pid)
        recording = look(pid, for_s=max(LOOK_S, case.program.look_s))
        after = stopped(pid)
    return Outcome(judge(recording), before, after)


@contextmanager
def limited(program: Program) -> Iterator[tuple[Path, ...]]:
    """Give the files of a control group with the program's limits, none if it has none."""
    if not program.limits:
        yield ()
        return
    memory_mib = program.limits.get("memory_mib")
    with cgroups.group(
        cpu_cores=program.limits.get("cpu"),
        memory_bytes=None if memory_mib is None else int(memory_mib) << 20,
    ) as group:
        yield group.procs_files


def stopped(leader: int) -> set[int]:
    """Return the threads of a session that are stopped or traced."""
    return {tid for tid, seen in harness.threads(leader).items() if seen.state in "Tt"}


@pytest.fixture(scope="module")
def outcome_of(request: pytest.FixtureRequest) -> Iterator[Callable[[Case], Outcome]]:
    """Examine the cases of the module's selected tests side by side; give the outcome of one."""
    here = [
        item for item in request.session.items if getattr(item, "module", None) is request.module
    ]
    callspecs = [getattr(item, "callspec", None) for item in here]
    selected = {
        case: None  # a set that keeps the order
        for callspec in callspecs
        if callspec and isinstance(case := callspec.params.get("case"), Case)
    }
    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    together = [case for case in selected if not case.missing and not case.program.alone]
    futures = {case: pool.submit(examine, case) for case in together}

    @functools.cache
    def examine_alone(case: Case) -> Outcome:
        wait(futures.values())
        return examine(case)

    def outcome(case: Case) -> Outcome:
        if case.missing:
            pytest.skip(f"needs {', '.join(case.missing)}")
        try:
            if case.program.alone:
                return examine_alone(case)
            return futures[case].result(timeout=DEADLINE_S)
        except NotPermittedError as error:
            pytest.skip(str(error))

    yield outcome
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", cases("hung"), ids=lambda case: case.label)
def test_a_hung_program_is_found_with_its_cause(
    case: Case, outcome_of: Callable[[Case], Outcome]
) -> None:
    outcome = outcome_of(case)
    errors = [f for f in outcome.report.findings if f.severity is Severity.ERROR]
    assert outcome.report.verdict is Verdict.HUNG, outcome.report.headline
    for expected in case.program.findings:
        assert any(fits(finding, expected) for finding in errors), told(errors)
    for finding in errors:
        assert any(fits(finding, expected) for expected in case.program.findings), told([finding])


@pytest.mark.parametrize("case", cases("healthy"), ids=lambda case: case.label)
def test_a_healthy_program_is_left_in_peace(
    case: Case, outcome_of: Callable[[Case], Outcome]
) -> None:
    outcome = outcome_of(case)
    assert outcome.report.verdict is Verdict.HEALTHY, outcome.report.headline
    notes = outcome.report.findings
    for expected in case.program.findings:
        assert any(fits(note, expected) for note in notes), told(notes)
    for note in notes:
        assert any(fits(note, expected) for expected in case.program.findings), told([note])
    if case.program.name.startswith("parked_"):
        assert "nothing but a signal" in outcome.report.headline


@pytest.mark.parametrize("case", cases("hung"), ids=lambda case: case.label)
def test_looking_stops_nothing(case: Case, outcome_of: Callable[[Case], Outcome]) -> None:
    outcome = outcome_of(case)
    assert outcome.stopped_after == outcome.stopped_before


def fits(finding: Finding, expected: Expected) -> bool:
    """Tell whether a finding is the one that a label asks for."""
    function = (finding.primary.function or "").rpartition(".")[2]
    return (
        finding.rule in expected.rules
        and finding.confidence.value in expected.confidences
        and (not expected.functions or function in expected.functions)
    )


def told(findings: Sequence[Finding]) -> str:
    """Return findings in lines, for a failed assertion."""
    return "\n".join(
        f"{f.severity} {f.rule} ({f.confidence}) in {f.primary.function}: {f.title}"
        for f in findings
    )
