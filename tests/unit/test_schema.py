"""The published schemas are those of the code, and what diag writes keeps to them."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from diag.model.codec import Line, decode_report, encode_line, recording_schema, report_schema
from diag.render import json as json_format
from diag.render.options import Options
from diag.render.registry import DUMP_FORMATS, FORMATS, renderer
from tests.unit.cli.conftest import recording
from tests.unit.render.examples import EXAMPLES, fork_logging

FOLDER = Path(__file__).parents[2] / "docs/schema"
SCHEMAS = {"report.schema.json": report_schema, "recording-line.schema.json": recording_schema}
Schema = dict[str, Any]


def tidy(node: Any) -> Any:
    """Remove the margins of docstrings: Python 3.13 does so itself, earlier ones do not."""
    if isinstance(node, dict):
        return {key: tidy(value) for key, value in node.items()}
    if isinstance(node, list):
        return [tidy(item) for item in node]
    return inspect.cleandoc(node) if isinstance(node, str) and "\n" in node else node


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_current(name: str, request: pytest.FixtureRequest) -> None:
    make: Callable[[], Schema] = SCHEMAS[name]
    text = json.dumps(tidy(make()), indent=2, sort_keys=True) + "\n"
    if request.config.getoption("--update-golden"):
        (FOLDER / name).write_text(text, encoding="utf-8")
    published = (FOLDER / name).read_text(encoding="utf-8")
    assert published == text, "run pytest with --update-golden, and count the version up if needed"
    jsonschema.Draft202012Validator.check_schema(json.loads(published))


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((FOLDER / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", EXAMPLES)
def test_reports_keep_to_the_schema(name: str) -> None:
    text = json_format.render(EXAMPLES[name](), Options())
    validator("report.schema.json").validate(json.loads(text))


def test_the_schema_refuses_what_is_no_report() -> None:
    body = json.loads(json_format.render(fork_logging(), Options()))
    body["findings"][0]["confidence"] = "certain"
    with pytest.raises(jsonschema.ValidationError):
        validator("report.schema.json").validate(body)


def test_recordings_keep_to_the_schema() -> None:
    taken = recording()
    assert taken.end is not None
    lines: list[Line] = [taken.header, *taken.snapshots, taken.end]
    for line in lines:
        validator("recording-line.schema.json").validate(json.loads(encode_line(line)))


def test_the_fields_that_others_rely_on() -> None:
    """The contract: add to it, never take away; a change of meaning needs a new version."""
    body = json.loads(json_format.render(fork_logging(), Options()))
    assert body["schema_version"] == 1
    assert body["verdict"] == "hung"
    assert body["target"]["id"] == {"pid": 2402, "start_ticks": 3402}
    assert {"processes_seen", "processes_read", "gaps"} <= set(body["observed"])
    assert {"limits", "series", "processes"} <= set(body)
    finding = body["findings"][0]
    assert (finding["rule"], finding["severity"]) == ("orphaned-lock-after-fork", "error")
    assert finding["confidence"] == "proven"
    assert {"title", "explanation", "advice", "related", "evidence", "chain"} <= set(finding)
    place = {"pid", "tid", "process_role", "thread", "function", "file", "line"}
    assert set(finding["primary"]) == place
    assert all(set(related) == place for related in finding["related"])
    shown = body["processes"][0]
    assert shown["waits"]["2403"] == "sleeps, 0.01 s left"
    assert shown["process"]["threads"][1]["stack"]["frames"][0]["function"] == "chat"


def test_every_format_can_be_loaded() -> None:
    for formats in (FORMATS, DUMP_FORMATS):
        for name in formats:
            assert renderer(formats, name)(fork_logging(), Options())


def test_hostile_text_survives_json() -> None:
    report = EXAMPLES["hostile"]()
    assert decode_report(json_format.render(report, Options()).encode()) == report
