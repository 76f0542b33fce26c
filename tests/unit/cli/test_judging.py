"""Where settings come from, and which counts; the summary of a GitHub job."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from diag.cli.app import run
from tests.unit.cli.conftest import FakePipeline

Captured = pytest.CaptureFixture[str]
Read = Callable[[], dict[str, object]]
RULE = "orphaned-lock-after-fork"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def say(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text)


IGNORE = f"[[tool.diag.ignore]]\nrule = '{RULE}'\nreason = 'TICKET-7'\n"


def test_what_is_ignored_is_shown_and_does_not_fail(
    fake: FakePipeline, project: Path, capsys: Captured
) -> None:
    say(project, IGNORE)
    assert run(["attach", "7", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["findings"] == []
    assert [(i["finding"]["rule"], i["because"]) for i in body["ignored"]] == [(RULE, "TICKET-7")]


@pytest.mark.parametrize("form", ["terminal", "markdown", "html", "junit", "sarif", "github"])
def test_every_format_shows_what_is_ignored(
    fake: FakePipeline, project: Path, capsys: Captured, form: str
) -> None:
    say(project, IGNORE)
    assert run(["attach", "7", "--format", form]) == 0
    out = capsys.readouterr().out
    assert "ignored" in out.lower() or "suppressions" in out
    assert RULE in out


def test_a_baseline_is_written_and_then_known(fake: FakePipeline, project: Path) -> None:
    say(project, "[tool.diag]\nbaseline = 'known.json'\n")
    assert run(["attach", "7", "--write-baseline", "known.json"]) == 1
    assert run(["attach", "7"]) == 0
    assert run(["attach", "7", "--baseline", "other.json"]) == 2


@pytest.mark.parametrize(
    ("arguments", "variables", "table", "status"),
    [
        ([], {}, "", 1),
        ([], {}, "never", 0),
        ([], {"DIAG_FAIL_ON": "error"}, "never", 1),
        ([], {"DIAG_ATTACH_FAIL_ON": "never", "DIAG_FAIL_ON": "error"}, "error", 0),
        (["--fail-on", "error"], {"DIAG_ATTACH_FAIL_ON": "never"}, "never", 1),
    ],
)
def test_the_order_of_precedence(
    fake: FakePipeline,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    variables: dict[str, str],
    table: str,
    status: int,
) -> None:
    if table:
        say(project, f"[tool.diag]\nfail-on = '{table}'\n")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run(["attach", "7", *arguments]) == status


def test_several_reports_from_a_variable(
    fake: FakePipeline, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIAG_REPORT", "html=a.html sarif=b.sarif")
    monkeypatch.setenv("DIAG_FORMAT", "junit")
    assert run(["attach", "7"]) == 1
    assert (project / "a.html").read_text().startswith("<!doctype html>")
    assert json.loads((project / "b.sarif").read_text())["version"] == "2.1.0"


def test_settings_that_are_wrong_are_one_line(
    fake: FakePipeline, project: Path, capsys: Captured
) -> None:
    say(project, "[tool.diag]\nfail-on = 'sometimes'\n")
    assert run(["attach", "7"]) == 2
    error = capsys.readouterr().err.splitlines()
    assert error[0].startswith("diag: error: [tool.diag] in pyproject.toml: ")
    assert run(["attach", "--help"]) == 0


def test_paths_are_those_of_the_project(
    fake: FakePipeline, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "srv").mkdir()
    monkeypatch.setattr(Path, "cwd", lambda: Path("/srv/app"))
    assert run(["dump", "7", "--json"]) == 0
    assert "/srv/app" not in capsys.readouterr().out


def test_the_summary_of_a_github_job_is_added_to(
    fake: FakePipeline, project: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = project / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert run(["attach", "7"]) == 1
    assert summary.read_text() == "before\n"
    capsys.readouterr()
    assert run(["attach", "7", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error ")
    written = summary.read_text()
    assert written.startswith("before\n<!-- diag 2402 begins -->\n## diag: HUNG (proven)")
    summary.write_text(written + "after\n")
    assert run(["attach", "7", "--report", "github=-"]) == 1
    assert summary.read_text() == written + "after\n"


def test_a_summary_that_cannot_be_written_is_said(
    fake: FakePipeline, project: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "none" / "summary.md"))
    assert run(["attach", "7", "--report", "github=-"]) == 2
    printed = capsys.readouterr()
    assert "::error " in printed.out
    assert "summary.md" in printed.err
