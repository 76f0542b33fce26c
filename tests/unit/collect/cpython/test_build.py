import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.collect.cpython.build import Build, recognise, version_text
from diag.collect.cpython.elf import ElfFacts, read_elf
from diag.collect.maps import parse_maps

PID = 7


def look(root: Path, path: str, *, inode: int, exe: Path) -> Build | None:
    (root / str(PID)).mkdir()
    (root / str(PID) / "exe").symlink_to(exe)
    space = parse_maps(f"400000-500000 r-xp 00000000 08:01 {inode} {path}\n")
    return recognise(PID, space, None, proc_root=root)


def test_pypy(tmp_path: Path) -> None:
    build = look(tmp_path, "/opt/lib/libpypy3.10-c.so", inode=5, exe=Path("/bin/sh"))
    assert build is not None
    assert (build.interpreter.implementation, build.interpreter.version) == ("pypy", "3.10")
    assert build.interpreter.memory is not None


def test_program_without_interpreter(tmp_path: Path) -> None:
    shell = Path("/bin/sh").resolve()
    assert look(tmp_path, str(shell), inode=shell.stat().st_ino, exe=shell) is None


def test_library_that_is_gone_is_python_all_the_same(tmp_path: Path) -> None:
    path = "/gone/libpython3.12.so.1.0 (deleted)"
    build = look(tmp_path, path, inode=5, exe=Path("/bin/sh"))
    assert build is not None
    assert build.interpreter.version == "3.12"
    assert build.interpreter.memory == "its file cannot be read"


def test_other_file_at_the_same_path_is_not_read(tmp_path: Path) -> None:
    library = tmp_path / "libpython3.12.so.1.0"
    library.write_bytes(Path("/bin/sh").read_bytes())
    inode = library.stat().st_ino + 1
    build = look(tmp_path, str(library), inode=inode, exe=Path("/bin/sh"))
    assert build is not None
    assert build.interpreter.memory == "its file cannot be read"


def test_file_is_no_elf(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("#!/bin/sh\n")
    assert read_elf(path) is None


@pytest.mark.parametrize("length", [20, 64, 100, 1000])
def test_truncated_elf(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut"
    path.write_bytes(Path(os.path.realpath("/proc/self/exe")).read_bytes()[:length])
    facts = read_elf(path)
    assert facts is None or facts.symbols == {}


def test_load_bias() -> None:
    facts = ElfFacts("EM_X86_64", 64, False, 0x1000, {"_PyRuntime": 0x5000})
    assert facts.address_of("_PyRuntime", 0x7F0000) == 0x7F0000 + 0x4000
    assert facts._replace(fixed=True).address_of("_PyRuntime", 0x7F0000) == 0x5000
    assert facts.address_of("Py_Version", 0x7F0000) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [(0x030B07F0, "3.11.7"), (0x030F00A3, "3.15.0a3"), (0x030E00C1, "3.14.0rc1"), (0, None)],
)
def test_version_number(number: int, text: str | None) -> None:
    assert version_text(number) == text


@given(st.integers(min_value=0, max_value=(1 << 64) - 1))
def test_any_number_is_a_version_or_not(number: int) -> None:
    text = version_text(number)
    assert text is None or text.startswith("3.")
