from pathlib import Path

import pytest

from diag.errors import ExitStatus, UsageError
from diag.scenario import labels
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


def test_the_four_scenarios_are_there() -> None:
    assert {scenario.name for scenario in SCENARIOS} >= {
        "fork-logging-lock",
        "gil-bound-threads",
        "futures-list-blowup",
        "cpu-count-overprovision",
    }


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
    assert scenario.variant("one").needs.version == (3, 9)
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
        ('expects = [{rule = "orphaned-lock", confidence = "proven"}]', "", "nothing is expected"),
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
