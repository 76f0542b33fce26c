"""What `diag run` says at its end."""

from pathlib import Path

import pytest

from diag.cli.judging import Judging
from diag.cli.output import Outputs
from diag.cli.run import _Reporter, _say_notes
from diag.model.codec import decode_report
from diag.model.finding import Confidence, Finding, Location, Severity
from diag.model.report import Verdict
from diag.project import Project
from diag.render.registry import FORMATS
from diag.watching.hooks import Outcome
from tests.unit.cli.conftest import recording
from tests.unit.render.examples import report


def finding(severity: Severity) -> Finding:
    return Finding(
        rule="silent-peer",
        severity=severity,
        confidence=Confidence.POSSIBLE,
        title=f"an {severity}",
        explanation="",
        advice="",
        primary=Location(pid=7, process_role="main"),
    )


def test_a_note_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    findings = (finding(Severity.ERROR), finding(Severity.INFO))
    _say_notes(report(Verdict.HUNG, "hung", findings=findings))
    assert capsys.readouterr().err == "diag: note: an info (see `diag rules silent-peer`)\n"


def test_without_a_report_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    _say_notes(None)
    assert capsys.readouterr().err == ""


def test_what_was_found_is_written_once_and_the_files_as_it_was_last(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = report(Verdict.HUNG, "hung", findings=(finding(Severity.ERROR),))
    last = report(Verdict.HUNG, "still hung", findings=(finding(Severity.ERROR),))
    file = tmp_path / "report.json"
    reporter = _Reporter(
        Outputs(FORMATS, "terminal", None, (("json", file),)), Judging(Project(tmp_path), None)
    )
    reporter.found(first, first.findings)
    assert "hung" in capsys.readouterr().err
    reporter.finish(Outcome("target exited", last, recording()))
    assert capsys.readouterr().err == ""
    assert decode_report(file.read_bytes()).headline == "still hung"
