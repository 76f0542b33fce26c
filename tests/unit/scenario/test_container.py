import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diag.scenario import container as containers
from diag.scenario.labels import Needs
from diag.scenario.places import NotPermittedError, Place


def found(*, cpu: int, memory: int) -> dict[str, Place]:
    return {
        "cpu": Place(parent="/sys/fs/cgroup/cpu/user", version=cpu),
        "memory": Place(parent="/sys/fs/cgroup/memory/user/more", version=memory),
    }


@contextlib.contextmanager
def made(
    monkeypatch: pytest.MonkeyPatch, places: dict[str, Place]
) -> Iterator[tuple[dict[str, Any], Path]]:
    """Prepare a container that is never started: `true` stands for runc."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/true")
    monkeypatch.setattr(containers, "places", lambda *_: places)
    needs = Needs(cpu_cores=0.5, memory_mb=64)
    with containers.container(("sleep",), needs=needs, environment={"A": "b"}) as new:
        bundle = Path(new.words[new.words.index("--bundle") + 1])
        yield json.loads((bundle / "config.json").read_text()), bundle


def test_below_the_group_of_this_process_in_version_1(monkeypatch: pytest.MonkeyPatch) -> None:
    with made(monkeypatch, found(cpu=1, memory=1)) as (config, _):
        path = config["linux"]["cgroupsPath"]  # runc joins a relative path to its own group
    assert path.startswith("diag-scenario-")


def test_from_the_root_in_version_2(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(parent="/sys/fs/cgroup/user.slice", version=2)
    with made(monkeypatch, {"cpu": place, "memory": place}) as (config, _):
        path = config["linux"]["cgroupsPath"]
    assert path.startswith("/user.slice/diag-scenario-")


def test_not_in_two_versions_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        pytest.raises(NotPermittedError, match="different versions"),
        made(monkeypatch, found(cpu=1, memory=2)),
    ):
        pytest.fail("there is no such container")


def test_the_limits_and_that_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with made(monkeypatch, found(cpu=1, memory=1)) as (config, bundle):
        assert config["linux"]["resources"] == {
            "cpu": {"quota": 50_000, "period": 100_000},
            "memory": {"limit": 64 << 20},
        }
        assert config["process"]["env"] == ["A=b"]
        assert config["root"]["readonly"] is True
    assert not bundle.exists()


def test_without_runc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with (
        pytest.raises(NotPermittedError, match="needs runc"),
        containers.container(("true",), needs=Needs(), environment={}),
    ):
        pytest.fail("there is no runc")
