"""Only the project's own files are read, whatever a target calls its code."""

import os
import time
from pathlib import Path

import pytest

from diag.collect.sources import read_sources
from diag.model.report import SourceLine

LATER = time.time() + 3600


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop/a.py").write_text("import os\n\n    connect(password='hunter2', retries=3)\n")
    (tmp_path / "outside.py").write_text("secret\n")
    (folder / "notes.txt").write_text("secret\n")
    (folder / "link.py").symlink_to(tmp_path / "outside.py")
    (folder / "latin.py").write_bytes(b"# \xe9\n")
    (folder / "folder.py").mkdir()
    os.mkfifo(folder / "fifo.py")
    return folder


def lines(project: Path, *places: tuple[str, int], until: float = LATER) -> list[SourceLine]:
    return list(read_sources(places, project, older_than_unix_s=until))


def test_a_line_is_read_without_its_indent_and_masked(project: Path) -> None:
    (line,) = lines(project, ("shop/a.py", 3), ("shop/a.py", 3))
    assert line == SourceLine(file="shop/a.py", line=3, text="connect(password=***, retries=3)")


@pytest.mark.parametrize(
    "place",
    [
        ("shop/a.py", 0),
        ("shop/a.py", -1),
        ("shop/a.py", 2),
        ("shop/a.py", 99),
        ("../outside.py", 1),
        ("link.py", 1),
        ("notes.txt", 1),
        ("latin.py", 1),
        ("folder.py", 1),
        ("fifo.py", 1),
        ("nowhere.py", 1),
        ("shop/a.py\0", 1),
        ("/etc/passwd", 1),
        ("a" * 5000, 1),
    ],
)
def test_what_is_no_line_of_the_project_is_left_out(project: Path, place: tuple[str, int]) -> None:
    assert lines(project, place) == []


def test_a_file_changed_after_the_start_is_not_what_runs(project: Path) -> None:
    changed = (project / "shop/a.py").stat().st_mtime
    assert lines(project, ("shop/a.py", 1), until=changed - 1) == []
    assert len(lines(project, ("shop/a.py", 1), until=changed)) == 1
