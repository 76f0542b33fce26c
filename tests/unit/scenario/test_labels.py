from pathlib import Path

import pytest

from diag.errors import ExitStatus, UsageError
from diag.model.finding import Confidence
from diag.rules.registry import RULES
from diag.scenario import interpreter, labels
from diag.scenario.interpreter import Interpreter
from diag.scenario.labels import Ends, Kind

SCENARIOS = labels.load_all()
VARIANTS = [(scenario, variant) for scenario in SCENARIOS for variant in scenario.variants]
NAMES = [f"{scenario.name}/{variant.name}" for scenario, variant in VARIANTS]

GOOD = """
title = "A title"
summary = "A summary."
sources = [{title = "An issue"}]
[[variants]]
name = "one"
kind = "broken"
about = "breaks"
script = "one.py"
expects = [{rule = "orphaned-lock", confidence = "proven"}]
[[variants]]
name = "two"
kind = "fixed"
about = "does not"
script = "one.py"
must_not_find = ["orphaned-lock"]
"""


def write(folder: Path, text: str) -> Path:
    folder = folder / "a-failure"
    folder.mkdir()
    (folder / "one.py").touch()
    (folder / "scenario.toml").write_text(text)
    return folder / "scenario.toml"


# Rules that labels may name before they are built.
PLANNED = {"busy-loop", "live-lock", "stall"}


def test_labels_name_only_rules_that_exist_or_are_planned() -> None:
    expected = [each for _, variant in VARIANTS for each in variant.expects]
    named = {rule for each in expected for rule in (each.rule, *each.or_rules)}
    named |= {rule for _, variant in VARIANTS for rule in variant.must_not_find}
    assert named <= PLANNED | {rule.id for rule in RULES}


def test_an_expectation_is_available_once_its_rule_is_built() -> None:
    for rule, built in (("orphaned-lock", True), ("no-such-rule", False)):
        expected = labels.Expected(rule=rule, confidence=Confidence.PROVEN)
        assert expected.rule_available is built


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_healthy_variant_is_tried_against_what_is_found_in_the_broken_one(
    scenario: labels.Scenario,
) -> None:
    wanted = {expected.rule for variant in scenario.variants for expected in variant.expects}
    for variant in scenario.variants:
        assert variant.kind is Kind.BROKEN or wanted <= set(variant.must_not_find)


@pytest.mark.parametrize(
    ("version", "needs", "missing"),
    [
        ("3.9.18", labels.Needs(), None),
        ("3.13.9", labels.Needs(python="3.14"), "needs Python 3.14, this is 3.13.9"),
        ("3.10.13", labels.Needs(before="3.11"), None),
        (
            "3.11.0",
            labels.Needs(before="3.11"),
            "does not fail from Python 3.11 on, this is 3.11.0",
        ),
    ],
)
def test_a_python_that_will_not_do(version: str, needs: labels.Needs, missing: str | None) -> None:
    assert needs.missing(Interpreter(command=("python",), version=version)) == missing


def test_a_python_without_a_module_will_not_do() -> None:
    python = interpreter.ask()
    assert labels.Needs(modules=("json",)).missing(python) is None
    missing = labels.Needs(modules=("json", "no_such_module")).missing(python)
    assert missing == "needs no_such_module, which this Python has not"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_scenario_has_sources_a_story_and_a_way_out(scenario: labels.Scenario) -> None:
    assert scenario.sources
    for chapter in ("What you see", "Why", "How to prove it", "How to fix it", "Measured"):
        assert f"## {chapter}" in scenario.page
    assert any(variant.kind is Kind.FIXED for variant in scenario.variants)


@pytest.mark.parametrize(("scenario", "variant"), VARIANTS, ids=NAMES)
def test_a_script_stands_alone(scenario: labels.Scenario, variant: labels.Variant) -> None:
    for script in Path(scenario.folder).glob("*.py"):
        text = script.read_text()
        assert "import diag" not in text
        assert "from diag" not in text
    assert variant.ends is not Ends.HANGS or variant.kind is Kind.BROKEN


def test_a_label_becomes_values(tmp_path: Path) -> None:
    scenario = labels.load(write(tmp_path, GOOD))
    assert (scenario.name, scenario.title) == ("a-failure", "A title")
    assert [variant.kind for variant in scenario.variants] == [Kind.BROKEN, Kind.FIXED]
    assert scenario.variant("one").expects[0].rule == "orphaned-lock"
    assert labels.load_all(tmp_path) == (scenario,)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('title = "A title"', "title = ", "not a readable label"),
        ('title = "A title"', "", "title"),
        ('title = "A title"', "titel = 1", "titel"),
        ('kind = "fixed"', 'kind = "mended"', "mended"),
        ('about = "breaks"', 'about = "breaks"\nspeed = 1', "speed"),
        ('script = "one.py"', 'script = "gone.py"', "no such script: gone.py"),
        ('name = "two"', 'name = "one"', "same name"),
        ('kind = "broken"', 'kind = "control"', "no variant is broken"),
        ('expects = [{rule = "orphaned-lock", confidence = "proven"}]', "", "or why nothing"),
        ('about = "breaks"', 'about = "breaks"\nbeyond = "it fails"', "or why nothing"),
        ('must_not_find = ["orphaned-lock"]', "", "any finding would do"),
    ],
)
def test_a_damaged_label_says_what_is_wrong(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(UsageError, match=complaint) as raised:
        labels.load(path)
    assert str(path) in str(raised.value)
    assert raised.value.exit_status is ExitStatus.USAGE


def test_a_wrong_name_brings_the_close_ones() -> None:
    with pytest.raises(UsageError, match="no scenario is called 'fork-loging'") as raised:
        labels.find("fork-loging")
    assert "fork-logging-lock" in (raised.value.hint or "")
    with pytest.raises(UsageError, match="no variant of fork-logging-lock is called") as raised:
        labels.find("fork-logging-lock").variant("pol")
    assert "pool" in (raised.value.hint or "")


def test_a_name_like_no_other_brings_them_all() -> None:
    with pytest.raises(UsageError) as raised:
        labels.find("zzz")
    assert all(scenario.name in (raised.value.hint or "") for scenario in SCENARIOS)
