"""The shell of `action.yml`, run as a GitHub runner runs it, on a command that hangs."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.pythons import environment

REPOSITORY = Path(__file__).parents[2]
DEADLINE_S = 60
HANG = """
import threading
first, second = threading.RLock(), threading.RLock()
both = threading.Barrier(2)

def cross(one, other):
    with one:
        both.wait()
        other.acquire()

threading.Thread(target=cross, args=(second, first), daemon=True).start()
cross(first, second)
"""


class Step(NamedTuple):
    """What a step left behind."""

    status: int
    log: str
    outputs: str
    summary: str


def script() -> str:
    """Return the script of the step that runs the command."""
    steps = (REPOSITORY / "action.yml").read_text().split("\n    - name: ")
    (step,) = (step for step in steps if step.startswith("Run\n"))
    body = re.split(r"\n      run: \|\n", step)[1]
    return "\n".join(line.removeprefix(" " * 8) for line in body.splitlines())


def run_step(folder: Path, command: str) -> Step:
    program = folder / "tools/diag/bin/diag"
    program.parent.mkdir(parents=True)
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -m diag "$@"\n'
    )
    program.chmod(0o755)
    work = folder / "work tree"
    work.mkdir()
    (work / "hang.py").write_text(HANG)
    settings = {
        "RUNNER_TEMP": str(folder / "tools"),
        "GITHUB_OUTPUT": str(folder / "outputs"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "COMMAND": command,
        "REPORTS": "my reports",
        "TIMEOUT": "0",
        "ON_HANG": "kill",
        "DIAG_FAIL_ON": "",
        "TARGET_PYTHON": sys.executable,
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script()],
        cwd=work,
        env={**environment(), **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE_S,
        text=True,
        check=False,
    )
    summary = folder / "summary.md"
    return Step(
        done.returncode,
        done.stdout,
        (folder / "outputs").read_text(),
        summary.read_text() if summary.exists() else "",
    )


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "work tree" / "my reports"


def test_a_command_that_hangs_is_ended_and_explained(tmp_path: Path, reports: Path) -> None:
    step = run_step(tmp_path, 'echo begin; "$TARGET_PYTHON" hang.py')
    assert step.status == 124, step.log
    assert step.log.startswith("begin\n")
    line = 1 + HANG.splitlines().index("        other.acquire()")
    assert f"::error file=hang.py,line={line},title=" in step.log
    assert "```mermaid" in step.summary
    assert step.outputs == f"reports={reports}\n"
    (result,) = json.loads((reports / "diag.sarif").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "hang.py", "uriBaseId": "%SRCROOT%"}
    assert "other.acquire()" in (reports / "diag.html").read_text()
    assert "<failure" in (reports / "diag.xml").read_text()
    assert (reports / "recording.jsonl").stat().st_size > 0


def test_the_status_of_a_command_is_passed_on(tmp_path: Path, reports: Path) -> None:
    step = run_step(tmp_path, "false; exit 3")
    assert step.status == 1  # -e, as in every step in bash
    assert "::error" not in step.log
    assert "<failure" not in (reports / "diag.xml").read_text()


def test_an_input_is_not_part_of_the_script(tmp_path: Path) -> None:
    assert "${{" not in script()
    step = run_step(tmp_path, "echo '$(id)' \"two  words\"")
    assert step.log.startswith("$(id) two  words\n")
    assert step.status == 0
