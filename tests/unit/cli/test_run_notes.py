"""What `diag run` says at its end of what is no trouble by itself."""

import pytest

from diag.cli.run import _say_notes
from diag.model.finding import Confidence, Finding, Location, Severity
from diag.model.report import Verdict
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
