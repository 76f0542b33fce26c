"""What waits in pools and what futures keep, read from outside, against what the program says."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from diag.model.process import Process
from diag.watching.look import snapshot
from tests.integration import pythons
from tests.integration.harness import PROGRAMS

SHARE = 0.25  # heads of objects, and a sample of eight


@pytest.fixture(params=pythons.one_per_minor(), ids=pythons.label, scope="module")
def said_and_seen(request: pytest.FixtureRequest) -> Iterator[tuple[dict[str, Any], Process]]:
    with subprocess.Popen(
        request.param.argv(PROGRAMS / "objects" / "backlog.py"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=pythons.environment(),
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            yield said, snapshot(process.pid).snapshots[0].processes[0]
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_what_waits_is_counted_and_sized(said_and_seen: tuple[dict[str, Any], Process]) -> None:
    said, seen = said_and_seen
    backlogs = {pool.kind.value: pool.backlog for pool in seen.pools}
    for kind, held_bytes in said["waiting"].items():
        backlog = backlogs[kind]
        assert backlog is not None, kind
        assert 290 <= backlog.tasks <= 300, kind
        assert backlog.held_bytes == pytest.approx(held_bytes, rel=SHARE), kind


def test_what_futures_keep_is_sized_whatever_they_are_kept_in(
    said_and_seen: tuple[dict[str, Any], Process],
) -> None:
    said, seen = said_and_seen
    kept = {each.name: each for each in seen.kept}
    assert "few" not in kept
    for name, held_bytes in said["kept"].items():
        each = kept[name]
        assert (each.futures, each.done, each.sampled) == (300, 300, 8), name
        assert each.held_bytes == pytest.approx(held_bytes, rel=SHARE), name
        assert each.function.endswith("main")
    assert {kept["waiting"].done, kept["stuck"].done, kept["shared"].done} == {0}
