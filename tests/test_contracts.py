"""What the parts of the project promise each other."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from diag.cli.app import diag as command_line
from diag.errors import ExitStatus
from diag.rules.registry import RULES
from diag.scenario import labels, score
from tests.integration import harness

REPOSITORY = Path(__file__).resolve().parents[1]
README = REPOSITORY / "README.md"
RULE_IDS = [rule.id for rule in RULES]
# Places of the machine that this was developed on: they mean nothing elsewhere.
FOREIGN = re.compile(r"(?<![\w.])/wor[k]\b|\.librar[y]/|(?<![\w-])share[d]/")


def test_imports_point_down() -> None:
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", RULE_IDS)
def test_a_rule_has_a_page(rule: str) -> None:
    page = REPOSITORY / "docs" / "rules" / f"{rule}.md"
    assert page.is_file()
    assert page.read_text().startswith("# ")


@pytest.mark.parametrize("rule", RULE_IDS)
def test_a_rule_has_a_program_that_it_must_find_and_a_twin_that_it_must_not(rule: str) -> None:
    hung = [
        program.name
        for program in harness.programs("hung", "slow", "healthy")
        if any(rule == expected.rules[0] for expected in program.findings)
    ]
    twins = [
        program.name
        for program in harness.programs("healthy", "slow_healthy")
        if rule in program.twin_of
    ]
    assert hung
    assert twins


def scenarios_of(rule: str) -> list[str]:
    """Return the scenarios with a variant that is there for the rule."""
    return [
        scenario.name
        for scenario in labels.load_all()
        if any(rule == each.rule for variant in scenario.variants for each in variant.expects)
    ]


@pytest.mark.parametrize("rule", RULE_IDS)
def test_a_rule_with_a_scenario_says_how_to_run_it(rule: str) -> None:
    page = (REPOSITORY / "docs" / "rules" / f"{rule}.md").read_text()
    named = re.findall(r"`diag scenario run ([\w-]+) --watch`", page)
    assert set(named) <= set(scenarios_of(rule))
    assert bool(named) is bool(scenarios_of(rule))


def test_the_score_is_of_all_scenarios() -> None:
    page = (REPOSITORY / "docs" / score.PAGE).read_text()
    for scenario in labels.load_all():
        for variant in scenario.variants:
            assert f"| {scenario.name} | {variant.name} |" in page, (
                "run: diag scenario verify --write-docs"
            )


def test_labels_name_only_rules_that_exist() -> None:
    named = {
        rule
        for program in harness.programs(*harness.FOLDERS)
        for rule in (*program.twin_of, *(r for e in program.findings for r in e.rules))
    }
    assert named == set(RULE_IDS)


@pytest.mark.parametrize("status", list(ExitStatus))
def test_an_exit_status_is_documented(status: ExitStatus) -> None:
    page = (REPOSITORY / "docs" / "exit-status.md").read_text()
    assert re.search(rf"^\| `?{status.value}`? \|", page, re.MULTILINE)
    assert re.search(rf"^\| `?{status.value}`? \|", README.read_text(), re.MULTILINE)


PAGES = (README, *sorted((REPOSITORY / "docs").glob("*.md")))


def commands(page: Path) -> list[str]:
    """Return every `diag ...` of a page, in code blocks and in spans of code."""
    text = page.read_text()
    spans = re.findall(r"`(diag [^`\n]+)`", text)
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", text, re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    written = [*spans, *(line for line in lines if line.startswith("diag "))]
    return sorted({command.partition("  #")[0].rstrip() for command in written})


@pytest.mark.parametrize("written", sorted({c for page in PAGES for c in commands(page)}))
def test_a_command_that_is_documented_exists(written: str) -> None:
    command: click.Command = command_line
    options: list[str] = []
    for word in shlex.split(written)[1:]:
        if word == "--":
            break
        if word.startswith("-"):
            options.append(word.partition("=")[0])
        elif isinstance(command, click.Group):
            found = command.get_command(click.Context(command), word)
            assert found is not None, f"no command {word!r}"
            command = found
    known = {text for option in command.params for text in (*option.opts, *option.secondary_opts)}
    assert set(options) <= known | {"--help"}


def tracked_texts() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = REPOSITORY / name
        if path.is_file():
            yield name, path.read_text(errors="replace")


def test_no_file_refers_to_the_place_where_it_was_written() -> None:
    found = [name for name, text in tracked_texts() if FOREIGN.search(text)]
    assert not found
