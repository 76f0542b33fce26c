"""What counts, what is known already, and what stays the same from run to run."""

from pathlib import Path

import msgspec
import pytest

from diag import policy
from diag.errors import UsageError
from diag.model.finding import Finding, Severity
from diag.model.lock import Lock, LockKind
from diag.model.report import Report, Verdict
from diag.model.stack import Stack
from diag.model.thread import Thread
from diag.model.wait import Wait, WaitKind
from diag.policy import Ignore, Policy
from diag.policy.fingerprint import fingerprint, waits_in
from diag.policy.paths import shorten
from tests.unit.render.examples import (
    HOSTILE,
    ORPHANED_LOCK,
    fork_logging,
    full,
    own_frame,
    place,
    process,
    report,
    view,
)

replace = msgspec.structs.replace
OTHER = replace(
    ORPHANED_LOCK,
    rule="lock-cycle",
    title="another",
    primary=place(2402, "main", own_frame("Bank.transfer", 7, "bank.py")),
)
BOTH = replace(fork_logging(), findings=(ORPHANED_LOCK, OTHER))


def ignoring(**patterns: str) -> Report:
    return policy.apply(BOTH, Policy(ignore=(Ignore(reason="because", **patterns),)))


def kept(shown: Report) -> list[str]:
    return [finding.rule for finding in shown.findings]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ({"rule": "lock-cycle"}, ["orphaned-lock-after-fork"]),
        ({"rule": "lock-*"}, ["orphaned-lock-after-fork"]),
        ({"file": "*/shop/*"}, ["orphaned-lock-after-fork"]),
        ({"function": "transfer"}, ["orphaned-lock-after-fork"]),
        ({"function": "Bank.transfer"}, ["orphaned-lock-after-fork"]),
        ({"rule": "lock-cycle", "function": "other"}, ["orphaned-lock-after-fork", "lock-cycle"]),
        ({"rule": "*"}, []),
    ],
)
def test_what_every_pattern_fits_is_ignored(patterns: dict[str, str], expected: list[str]) -> None:
    shown = ignoring(**patterns)
    assert kept(shown) == expected
    assert len(shown.ignored) == 2 - len(expected)
    assert all(ignored.because == "because" for ignored in shown.ignored)


def test_the_verdict_is_that_of_what_is_left() -> None:
    shown = ignoring(rule="orphaned-*")
    assert (shown.verdict, shown.headline) == (Verdict.HUNG, "another")
    shown = ignoring(rule="*")
    assert (shown.verdict, shown.headline) == (
        Verdict.HEALTHY,
        "nothing but 2 findings that the project ignores",
    )
    assert policy.exit_status(shown, "warning") == 0


def test_a_policy_that_ignores_nothing_changes_no_answer() -> None:
    shown = policy.apply(BOTH, Policy())
    assert (shown.verdict, shown.headline) == (BOTH.verdict, BOTH.headline)
    assert kept(shown) == kept(BOTH)
    assert shown.ignored == ()


def test_a_baseline_knows_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    before = replace(fork_logging(), findings=(ORPHANED_LOCK,))
    file.write_text(policy.encode_baseline(policy.apply(before, Policy())))
    shown = policy.apply(BOTH, Policy(baseline=policy.read_baseline(file)))
    assert kept(shown) == ["lock-cycle"]
    assert [ignored.because for ignored in shown.ignored] == ["in the baseline"]


def test_a_baseline_written_again_keeps_what_it_knew(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    first = policy.encode_baseline(policy.apply(BOTH, Policy()))
    file.write_text(first)
    again = policy.apply(BOTH, Policy(baseline=policy.read_baseline(file)))
    assert policy.encode_baseline(again) == first


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"format": 2, "findings": []}', '{"format": 1, "findings": [1]}']
)
def test_what_is_no_baseline(tmp_path: Path, content: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=r"baseline\.json"):
        policy.read_baseline(file)


def test_a_baseline_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the baseline"):
        policy.read_baseline(tmp_path / "none.json")


def stuck(
    *,
    pid: int = 7,
    line: int = 41,
    file: str = "shop/orders.py",
    function: str = "handle",
    lock: LockKind = LockKind.RLOCK,
    address: int = 0x1000,
    name: str = "Thread-1",
) -> tuple[Report, Finding]:
    frame = replace(own_frame(function, line), file=file)
    thread = Thread(
        tid=pid,
        name="python3",
        state="S",
        start_ticks=pid * 3,
        wait=Wait(kind=WaitKind.LOCK, lock=Lock(kind=lock, address=address)),
        stack=Stack(frames=(frame,), ident=pid * 5, thread_name=name),
    )
    finding = replace(ORPHANED_LOCK, primary=place(pid, "worker", frame, name))
    return report(Verdict.HUNG, "x", view("worker", process(pid, 1, thread), "waits")), finding


def print_of(report: Report, finding: Finding) -> str:
    return fingerprint(waits_in(report), finding)


def test_a_fingerprint_survives_another_run() -> None:
    first = print_of(*stuck())
    assert first == print_of(*stuck(pid=8, line=43, address=0x2000, name="Thread-9"))
    assert first == print_of(*stuck(function="Orders.handle"))


@pytest.mark.parametrize(
    "change", [{"file": "shop/bank.py"}, {"function": "other"}, {"lock": LockKind.BUFFER}]
)
def test_another_place_has_another_fingerprint(change: dict[str, object]) -> None:
    assert print_of(*stuck(**change)) != print_of(*stuck())  # type: ignore[arg-type]


def test_a_fingerprint_survives_another_python() -> None:
    one = print_of(*stuck(file="/usr/lib/python3.11/site-packages/pool/core.py"))
    assert one == print_of(*stuck(file="~/.venv/lib64/python3.13t/site-packages/pool/core.py"))
    one = print_of(*stuck(file="/usr/lib/python3.11/threading.py"))
    assert one == print_of(*stuck(file="/opt/py/lib/python3.9/threading.py"))


def test_fingerprints_of_a_report_tell_its_findings_apart() -> None:
    shown = policy.apply(BOTH, Policy())
    marks = [finding.fingerprint for finding in shown.findings]
    assert len(set(marks)) == 2
    assert all(len(mark) == 16 for mark in marks)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/srv/app/shop/a.py", "shop/a.py"),
        ("called from f (/srv/app/shop/a.py:3)", "called from f (shop/a.py:3)"),
        ("--data=/srv/app/x", "--data=x"),
        ("/srv/app", "."),
        ("/srv/app/", "."),
        ("/srv/application/x", "/srv/application/x"),
        ("/mnt/srv/app/x", "/mnt/srv/app/x"),
        ("/home/ann/x.py", "~/x.py"),
        ("in /home/ann, fd 3", "in ~, fd 3"),
        ("/home/anna/x.py", "/home/anna/x.py"),
        ("pipe:[12]", "pipe:[12]"),
    ],
)
def test_paths_become_short(text: str, expected: str) -> None:
    shown = shorten(
        replace(fork_logging(), headline=text), project="/srv/app", homes=("/home/ann",)
    )
    assert shown.headline == expected


def test_a_project_in_a_home_is_the_project() -> None:
    shown = replace(fork_logging(), headline="/home/ann/app/x.py")
    short = shorten(shown, project="/home/ann/app", homes=("/home/ann",))
    assert short.headline == "x.py"


def test_paths_become_short_everywhere() -> None:
    shown = shorten(full(), project="/srv/app", homes=())
    assert b"/srv/app" in msgspec.json.encode(full())
    assert b"/srv/app" not in msgspec.json.encode(shown)
    assert shown.processes[0].process.threads == shown.processes[0].process.threads


def test_a_project_at_the_root_shortens_nothing() -> None:
    assert shorten(full(), project="/", homes=("/",)) == full()


def test_nothing_else_changes() -> None:
    odd = replace(full(), headline=HOSTILE + "\udcff")
    assert shorten(odd, project="/nowhere/at/all", homes=()) == odd


def settings(folder: Path, text: str) -> policy.Settings:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return policy.read_settings(folder)


def test_settings(tmp_path: Path) -> None:
    read = settings(
        tmp_path,
        """
        [tool.diag]
        fail-on = "warning"
        baseline = "known.json"
        [[tool.diag.ignore]]
        rule = "stopped-process"
        file = "tests/*"
        reason = "we stop it on purpose"
        """,
    )
    assert (read.fail_on, read.baseline) == ("warning", "known.json")
    assert read.ignore == (
        Ignore(rule="stopped-process", file="tests/*", reason="we stop it on purpose"),
    )


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[tool.ruff]\n"])
def test_a_project_need_not_say_anything(tmp_path: Path, text: str) -> None:
    assert settings(tmp_path, text) == policy.Settings()
    assert policy.read_settings(tmp_path / "nowhere") == policy.Settings()


@pytest.mark.parametrize(
    "text",
    [
        "[tool.diag]\nfail-on = 'sometimes'\n",
        "[tool.diag]\nfail_on = 'error'\n",
        "[tool.diag]\nignore = 'all'\n",
        "[[tool.diag.ignore]]\nrule = 'x'\n",
        "[[tool.diag.ignore]]\nrule = 'x'\nreason = ' '\n",
        "[[tool.diag.ignore]]\nreason = 'all of it'\n",
        "[[tool.diag.ignore]]\nrule = 'x'\nreason = 'y'\nuntil = 2030-01-01\n",
        "[tool.diag\n",
        "[tool]\ndiag = 3\n",
        "tool = 3\n",
    ],
)
def test_settings_that_cannot_be_meant(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"pyproject\.toml"):
        settings(tmp_path, text)


def test_severities_decide_the_exit_status() -> None:
    warning = replace(BOTH, findings=(replace(OTHER, severity=Severity.WARNING),))
    assert [policy.exit_status(warning, on) for on in ("error", "warning", "never")] == [0, 1, 0]
