"""The project at hand, in places that programs are started in."""

import os
import pwd
from pathlib import Path

import pytest

from diag.project import Project, here
from tests.unit.render.examples import fork_logging


def test_a_working_directory_that_was_removed_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert here() == folder
    folder.rmdir()
    monkeypatch.setenv("PWD", str(folder))
    assert here() == folder


def test_a_user_without_a_name_and_a_home_gets_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(RuntimeError):
        Path.home()
    report = fork_logging()
    assert Project(Path(os.sep)).apply(report).headline == report.headline
