"""What the doctor prints, and when it says that nothing can work."""

import json
import os

import pytest

from diag.cli.app import run
from diag.cli.doctor import _works
from diag.collect.checks import Check, State

Captured = pytest.CaptureFixture[str]


def check(name: str, state: State) -> Check:
    return Check(name=name, state=state, found="")


@pytest.mark.parametrize(
    ("checks", "works"),
    [
        ([check("kernel", State.OK), check("py-spy", State.LIMITED)], True),
        ([check("kernel", State.MISSING)], False),
        ([check("process 7", State.MISSING)], False),
        ([check("its waits", State.MISSING), check("its memory", State.OK)], True),
        ([check("its waits", State.MISSING), check("its memory", State.MISSING)], False),
    ],
)
def test_it_fails_only_if_nothing_can_be_seen(checks: list[Check], works: bool) -> None:
    assert _works(checks, 7) is works


def test_a_process_that_is_gone(capsys: Captured) -> None:
    assert run(["doctor", "99999999"]) == 3
    out = capsys.readouterr().out
    assert "missing  process 99999999" in out
    assert "effective CPUs: " in out


def test_json(capsys: Captured) -> None:
    assert run(["doctor", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert {"kernel", "py-spy", "control groups"} <= {check["name"] for check in body["checks"]}
    assert body["limits"]["affinity_cpus"] == len(os.sched_getaffinity(0))
