"""The built wheel, installed in an empty environment elsewhere, is complete.

Needs the package index: the wheel's dependencies come from it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import diag

REPOSITORY = Path(__file__).resolve().parents[1]
DEADLINE_S = 300.0

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command outside of the checkout and return what it printed."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE_S,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin directory of an environment with nothing but the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, REPOSITORY, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    scripts = folder / "venv" / "bin"
    run(scripts / "python", "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    return scripts


def test_the_command_says_its_version(installed: Path) -> None:
    assert diag.__version__ in run(installed / "diag", "--version", cwd=installed)


def test_the_scenarios_are_there(installed: Path) -> None:
    listed = run(installed / "diag", "scenario", "list", cwd=installed)
    for folder in sorted((REPOSITORY / "scenarios").iterdir()):
        if folder.is_dir():
            assert folder.name in listed


def test_the_rules_and_their_pages_are_there(installed: Path) -> None:
    assert "orphaned-lock" in run(installed / "diag", "rules", cwd=installed)
    assert "fork" in run(installed / "diag", "rules", "orphaned-lock", cwd=installed)


def test_every_page_and_scenario_file_is_shipped(installed: Path) -> None:
    question = "from diag.resources import shipped; print(shipped('docs').parent)"
    shipped = Path(run(installed / "python", "-c", question, cwd=installed).strip())
    assert shipped.is_relative_to(installed.parent)
    tracked = run("git", "-C", REPOSITORY, "ls-files", "docs", "scenarios", cwd=installed)
    missing = [name for name in tracked.splitlines() if not (shipped / name).is_file()]
    assert not missing


def test_pytest_finds_the_plugin(installed: Path) -> None:
    question = (
        "from importlib.metadata import entry_points; from importlib.util import find_spec;"
        "(plugin,) = entry_points(group='pytest11', name='diag');"
        "print(find_spec(plugin.module) is not None)"
    )
    assert run(installed / "python", "-c", question, cwd=installed).strip() == "True"
