"""The scenarios as they really run, and what is left of them: nothing."""

import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from diag.errors import UsageError
from diag.scenario import cgroups, interpreter, labels, measure, run
from diag.scenario.expected import Score
from diag.scenario.interpreter import Interpreter
from diag.scenario.labels import Ends, Kind, Scenario, Variant
from diag.scenario.places import NotPermittedError
from diag.scenario.verify import Case, Result, Verification
from tests.integration.pythons import Target, label, one_per_minor

DEADLINE_S = 30
SIDE_BY_SIDE = 5  # they sleep
HANGING = labels.find("fork-logging-lock")
POOL = HANGING.variant("pool")
OWN = interpreter.ask()
PYTHONS = pytest.mark.parametrize("python", one_per_minor(), ids=label)
COMMAND = [sys.executable, "-m", "diag", "scenario"]


def of_kind(*, ends: Ends) -> list[Variant]:
    return [variant for variant in HANGING.variants if variant.ends is ends]


def target(python: Target) -> Interpreter:
    """Turn a Python of the tests into one of the runner, if it sees the scenarios."""
    folder = Path(HANGING.folder)
    if python.root is not None and not (python.root / folder.relative_to("/")).exists():
        pytest.skip(f"the scenarios are not visible in {python.root}")
    return interpreter.ask(python.command)


def session(leader: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def groups(maker: int) -> set[Path]:
    """Return the control groups that a process has made, wherever they are."""
    return set(Path("/sys/fs/cgroup").glob(f"**/diag-scenario-{maker}-*"))


def hangs(scenario: Scenario, variant: Variant, python: Sequence[str]) -> None:
    with run.start(scenario, variant, python=python) as running:
        leader = running.pid
        worker = max(psutil.Process(running.pid).children(), key=lambda each: each.pid)
        before = worker.num_ctx_switches()
        time.sleep(0.5)  # the time in which nothing must happen
        assert worker.num_ctx_switches() == before
        assert running.exit_status() is None
        assert running.result is None
        assert running.tree.sample().processes >= 2
    assert session(leader) == []


@pytest.mark.parametrize("variant", of_kind(ends=Ends.HANGS), ids=lambda each: each.name)
def test_a_worker_hangs(variant: Variant) -> None:
    hangs(HANGING, variant, OWN.command)


@PYTHONS
def test_the_pool_hangs_on_every_python(python: Target) -> None:
    hangs(HANGING, POOL, target(python).command)


@PYTHONS
def test_the_fixed_twins_of_the_pool_are_done(python: Target) -> None:
    asked, variants = target(python), of_kind(ends=Ends.DONE)

    def outcome_of(variant: Variant) -> measure.Outcome:
        return measure.measure(HANGING, variant, python=asked)

    with ThreadPoolExecutor(len(variants)) as side_by_side:
        for outcome in side_by_side.map(outcome_of, variants):
            assert outcome.exit_status == 0, f"{outcome.variant}: {outcome.last_line}"
            assert outcome.result == {"orders_done": 4}
            assert not outcome.hung


@functools.cache
def quiet_cases() -> list[Case]:
    """Pair every variant that sleeps with a Python; which one depends on its name alone.

    Those that compute have tests of their own: they would disturb the others.
    """
    chosen = []
    for scenario in labels.load_all():
        for variant in scenario.variants:
            able = [python for python in one_per_minor() if able_to_run(python, variant)]
            if able and not variant.computes:
                python = able[zlib.crc32(f"{scenario.name}/{variant.name}".encode()) % len(able)]
                asked = Interpreter(command=tuple(python.command), version=dotted(python))
                chosen.append(Case(scenario=scenario, variant=variant, python=asked))
    return chosen


def dotted(python: Target) -> str:
    return ".".join(map(str, python.version))


def able_to_run(python: Target, variant: Variant) -> bool:
    folder = Path(HANGING.folder)
    if python.root is not None and not (python.root / folder.relative_to("/")).exists():
        return False
    asked = Interpreter(command=tuple(python.command), version=dotted(python))
    return variant.needs.missing(asked) is None


def case_name(case: Case) -> str:
    return f"{case.scenario.name}/{case.variant.name}-{case.python.version}"


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> dict[str, Result]:
    """Verify the cases of all selected tests side by side, before the first of them."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items]
    params = [callspec.params.get("case") for callspec in callspecs if callspec]
    selected = [case for case in params if isinstance(case, Case)]
    return {
        f"{result.scenario}/{result.variant}-{result.python}": result
        for result in Verification().results(selected, side_by_side=SIDE_BY_SIDE)
    }


@pytest.mark.parametrize("case", quiet_cases(), ids=case_name)
def test_diag_says_what_the_label_says(case: Case, results: dict[str, Result]) -> None:
    result = results[case_name(case)]
    right = {Score.CLEAN}
    if case.variant.expects:
        built = all(expected.rule_available for expected in case.variant.expects)
        right = {Score.FOUND} if built else {Score.FOUND, Score.NO_RULE}
    assert result.score in right, result.reason


def test_the_environment_of_the_caller_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    script = Path(HANGING.folder) / "os_fork.py"
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"READY {process.pid}\n"
            (child,) = psutil.Process(process.pid).children()
            assert Path(f"/proc/{child.pid}/syscall").read_text().startswith("202 ")  # futex
        finally:
            process.kill()
    psutil.wait_procs([child], timeout=DEADLINE_S)
    assert not child.is_running()  # it died with its parent


def result(scenario: str, variant: str, *, python: Interpreter = OWN) -> measure.Outcome:
    found = labels.find(scenario)
    outcome = measure.measure(found, found.variant(variant), python=python, quick=True)
    assert outcome.result is not None, outcome.last_line
    return outcome


def number(outcome: measure.Outcome, name: str) -> float:
    assert outcome.result is not None
    value = outcome.result[name]
    assert isinstance(value, int | float)
    return value


def test_threads_share_one_core_and_io_does_not_mind() -> None:
    threads = result("gil-bound-threads", "threads")
    if threads.result and not threads.result["gil"]:
        pytest.skip("a free-threaded Python")
    assert number(threads, "cores_used") < 1.3  # true on a busy machine, too
    io = result("gil-bound-threads", "io-threads")
    assert number(io, "speedup") > 2.5
    assert number(io, "cores_used") < 0.5


@pytest.mark.parametrize("variant", ["processes", "hashing-threads"])
def test_the_other_ways_of_computing_end(variant: str) -> None:
    assert result("gil-bound-threads", variant).exit_status == 0


@pytest.mark.parametrize(
    ("variant", "read"), [("list", 16), ("generator", 16), ("batches", 10), ("sliding-window", 4)]
)
def test_how_much_is_submitted_before_the_first_result(variant: str, read: int) -> None:
    outcome = result("futures-list-blowup", variant)
    assert number(outcome, "submitted_before_first_result") == read
    assert number(outcome, "items_done") == 16
    assert outcome.peak_rss_bytes < 400 << 20


def test_a_feature_that_this_python_does_not_have() -> None:
    found = labels.find("futures-list-blowup")
    old = Interpreter(command=OWN.command, version="3.13.9")
    outcome = measure.measure(found, found.variant("map-buffersize"), python=old)
    assert not outcome.ran
    assert outcome.notes == ("needs Python 3.14, this is 3.13.9",)


def may_make_groups() -> bool:
    try:
        with cgroups.group(cpu_cores=1.0):
            return True
    except NotPermittedError:
        return False


@pytest.fixture
def permitted() -> None:
    if not may_make_groups():
        pytest.skip("no control group can be made here")


@pytest.mark.usefixtures("permitted")
def test_a_memory_limit_ends_a_worker_and_the_pool_is_broken() -> None:
    if OWN.numbers < (3, 11, 5):
        pytest.skip("there the parent hangs as well: cpython#94777")
    outcome = result("futures-list-blowup", "list-limited")
    assert outcome.exit_status == 1
    assert outcome.result is not None
    assert "BrokenProcessPool" in str(outcome.result["error"])
    assert outcome.usage is not None
    assert outcome.usage.oom_kills == 1
    assert groups(os.getpid()) == set()


@pytest.mark.usefixtures("permitted")
def test_a_quota_throttles_the_pool_that_does_not_know_of_it() -> None:
    broken = result("cpu-count-overprovision", "visible-24")
    fixed = result("cpu-count-overprovision", "by-quota")
    assert broken.usage is not None
    assert fixed.usage is not None
    assert number(fixed, "workers") == 1
    assert number(fixed, "timed_out") < number(broken, "timed_out")
    if not fixed.notes:  # on CPUs that others take, it may lose a few as well
        assert number(fixed, "timed_out") == 0
        assert number(broken, "latency_p50_ms") > 5 * number(fixed, "latency_p50_ms")
    if not broken.notes:  # with the CPUs taken by others it never comes to its quota
        assert (broken.usage.throttled_s or 0.0) > (fixed.usage.throttled_s or 0.0)
    assert groups(os.getpid()) == set()


# Those whose result says more than their exit status: (scenario, variant).
TELLING = (
    ("db-connection-across-fork", "shared"),
    ("db-connection-across-fork", "connection-per-worker"),
    ("heavy-migration", "killed-and-resumed"),
    ("pool-recreated", "fixed"),
    ("unpicklable-method", "bound-method"),
)


@pytest.fixture(scope="module")
def told() -> dict[tuple[str, str], measure.Outcome]:
    """Measure them side by side: they sleep."""

    def outcome(name: tuple[str, str]) -> measure.Outcome:
        found = labels.find(name[0])
        return measure.measure(found, found.variant(name[1]), python=OWN, quick=True)

    with ThreadPoolExecutor(len(TELLING)) as side_by_side:
        return dict(zip(TELLING, side_by_side.map(outcome, TELLING), strict=True))


def facts(told: dict[tuple[str, str], measure.Outcome], *name: str) -> dict[str, object]:
    scenario, variant = name
    outcome = told[scenario, variant]
    if not outcome.ran or "no PostgreSQL" in outcome.last_line:
        pytest.skip("; ".join(outcome.notes) or outcome.last_line)
    assert outcome.result is not None, outcome.last_line
    return outcome.result


def test_kill_9_loses_no_row_and_repeats_none(
    told: dict[tuple[str, str], measure.Outcome],
) -> None:
    audit = facts(told, "heavy-migration", "killed-and-resumed")
    assert audit == {"killed": 3, "done": 600, "lost": 0, "repeated": 0, "wrong": 0}


def test_the_poisonous_order_is_set_aside(told: dict[tuple[str, str], measure.Outcome]) -> None:
    found = facts(told, "pool-recreated", "fixed")
    assert (found["done"], found["set_aside"]) == (23, 1)


def test_the_attribute_that_is_dragged_along_is_named(
    told: dict[tuple[str, str], measure.Outcome],
) -> None:
    found = facts(told, "unpicklable-method", "bound-method")
    assert "BufferedReader" in str(found["error"])
    assert found["dragged_along"] == ["parse.__self__.settings['source']['handle']"]


def test_a_real_database_mixes_the_answers_of_a_shared_connection(
    told: dict[tuple[str, str], measure.Outcome],
) -> None:
    shared = facts(told, "db-connection-across-fork", "shared")
    assert shared["wrong"] or shared["errors"] or shared["hung"]
    own = facts(told, "db-connection-across-fork", "connection-per-worker")
    assert own["right"]
    assert (own["wrong"], own["errors"], own["hung"]) == (0, 0, 0)
    assert not list(Path("/tmp").glob("diag-postgres-*"))


def test_the_shared_connection_is_seen_from_outside() -> None:
    found = labels.find("db-connection-across-fork")
    case = Case(scenario=found, variant=found.variant("shared"), python=OWN)
    verdict = Verification().verify(case)
    if verdict.score is Score.DID_NOT_RUN:
        pytest.skip(verdict.reason)
    assert verdict.score is Score.FOUND, verdict.reason


def test_a_container_has_the_limits_and_nothing_of_it_is_left() -> None:
    if os.geteuid() != 0 or not shutil.which("runc") or not may_make_groups():
        pytest.skip("a container needs root, runc and control groups")
    found = labels.find("cpu-count-overprovision")
    variant = found.variant("by-quota")
    with run.start(found, variant, python=OWN.command, quick=True, contained=True) as running:
        assert "READY 1" in running.lines  # its own pid namespace
        inside = Path(f"/proc/{running.pid}/status").read_text()
        assert re.search(rf"^NSpid:\t{running.pid}\t1$", inside, re.MULTILINE)
        deadline = time.monotonic() + DEADLINE_S
        while not running.ended() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert running.exit_status() == 0
        assert running.result is not None
        assert running.result["workers"] == 1  # as asked from inside
        usage = running.usage()
        assert usage is not None
        assert usage.periods
    assert groups(os.getpid()) == set()
    assert not list(Path(tempfile.gettempdir()).glob("diag-container-*"))


def test_without_root_there_is_no_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = labels.find("cpu-count-overprovision")
    with pytest.raises(NotPermittedError, match="a container needs root"):
        measure.measure(found, found.variant("by-quota"), python=OWN, contained=True)


def test_without_permission_it_says_what_it_does_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise NotPermittedError("no control group can be made (for a test)")

    monkeypatch.setattr(cgroups, "group", refuse)
    outcome = result("cpu-count-overprovision", "by-quota")
    assert outcome.usage is None
    assert outcome.notes[0] == "no control group can be made (for a test)"
    assert "runs on 1 CPU" in outcome.notes[1]
    assert number(outcome, "workers") == 1  # by affinity


@pytest.mark.usefixtures("permitted")
def test_a_real_group_is_removed_with_everything_in_it() -> None:
    with cgroups.group(cpu_cores=0.5, memory_bytes=64 << 20) as group:
        sleeper = subprocess.Popen(["/bin/sleep", "60"])
        for file in group.procs_files:
            file.write_text(str(sleeper.pid))
        assert group.pids() == {sleeper.pid}
        assert (group.usage().memory_peak_bytes or 0) >= 0
    assert sleeper.wait(timeout=DEADLINE_S) == -signal.SIGKILL
    assert not any(file.exists() for file in group.procs_files)


def test_nothing_survives_an_exception() -> None:
    leaders = []

    def fail_while_it_runs() -> None:
        with run.start(HANGING, POOL, python=OWN.command) as running:
            leaders.append(running.pid)
            assert len(session(running.pid)) == 3
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_it_runs()
    assert session(leaders[0]) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_survives_a_signal(number: int) -> None:
    with subprocess.Popen(
        [*COMMAND, "run", "cpu-count-overprovision", "--variant", "visible-24"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        leader = next(int(found[1]) for line in lines if (found := re.search(r"READY (\d+)", line)))
        assert session(leader)
        assert groups(process.pid) or not may_make_groups()
        process.send_signal(number)
        assert process.wait(timeout=DEADLINE_S) != 0
    assert session(leader) == []
    assert groups(process.pid) == set()


def test_a_script_that_fails_says_so(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text("raise SystemExit('no such table')")
    variant = Variant(name="v", kind=Kind.CONTROL, about="", script="fails.py")
    scenario = Scenario(
        name="s", folder=str(tmp_path), title="", summary="", sources=(), variants=(variant,)
    )
    with (
        pytest.raises(run.NotReadyError, match="ended with 1 before it was ready: no such table"),
        run.start(scenario, variant, python=OWN.command),
    ):
        pytest.fail("it was never ready")


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (["/no/such/python"], "No such file"),
        (["/bin/false"], "does not run Python"),
        (["/bin/echo"], "is not a Python"),
    ],
)
def test_what_is_not_a_python(command: list[str], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        interpreter.ask(command)


def diag(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )


def test_the_demo_names_worker_lock_and_parent_thread() -> None:
    done = diag("run", HANGING.name, "--variant", "pool", "--watch")
    assert done.returncode == 1, done.stderr
    assert "HUNG (proven)" in done.stdout
    assert 'its owner is thread "chatter" of parent' in done.stdout
    assert "the label expects orphaned-lock (proven) in handle_order(): found" in done.stdout
    leader = int(re.search(r"READY (\d+)", done.stdout)[1])  # type: ignore[index]
    assert session(leader) == []


def test_a_run_ends_with_the_contrast_of_its_variants() -> None:
    done = diag(
        "run", "futures-list-blowup", "--quick", "--variant", "list", "--variant", "batches"
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    table = done.stdout.partition("read before first result")[2]
    assert re.search(r"list +broken +done +16 ", table)
    assert re.search(r"batches +fixed +done +10 .*\(x 0\.", table)


def test_json_is_alone_on_standard_output() -> None:
    done = diag("run", HANGING.name, "--variant", "spawn", "--json")
    (outcome,) = json.loads(done.stdout)
    assert (outcome["variant"], outcome["exit_status"]) == ("spawn", 0)
    assert "READY" in done.stderr


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["show", "fork-loging"], "no scenario is called"),
        (["run", "fork-logging-lock", "--variant", "pol"], "no variant of fork-logging-lock"),
        (["run", "fork-logging-lock", "--python", "/no/such/python"], "/no/such/python"),
        (["run", "fork-logging-lock", "--python", "'"], "--python"),
        (["run", "fork-logging-lock", "--python", ""], "--python"),
        (["run", "fork-logging-lock", "--keep", "nan"], "--keep"),
        (["run"], "NAME"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(words: list[str], complaint: str) -> None:
    done = diag(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
