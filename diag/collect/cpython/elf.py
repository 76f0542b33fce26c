"""The few facts needed of an ELF file: machine, base, symbols, version string."""

import functools
import re
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

RUNTIME = "_PyRuntime"
VERSION = "Py_Version"  # an unsigned long, 3.11 and later
# Defined only under Py_REF_DEBUG, in every version that is read here.
DEBUG_MARK = "_Py_NegativeRefcount"

# PY_VERSION is a C string of its own, or the end of another one: linkers merge such.
_VERSION_TEXT = re.compile(rb"(?<![\d.])3\.\d{1,2}\.\d{1,3}(?:(?:a|b|rc)\d+)?\+?(?=\x00)")
_PARSE_ERRORS = (ELFError, KeyError, ValueError, TypeError, AttributeError, IndexError, EOFError)


class ElfFacts(NamedTuple):
    """What an ELF file says about the interpreter in it.

    Attributes:
        machine: "EM_X86_64".
        bits: 32 or 64.
        fixed: whether it is loaded at the addresses written in it (ET_EXEC).
        first_address: virtual address of the first page that is loaded.
        symbols: values of those of `RUNTIME`, `VERSION`, `DEBUG_MARK` it exports.
        version_text: "3.9.18" if exactly one version stands in its constants.

    """

    machine: str
    bits: int
    fixed: bool
    first_address: int
    symbols: dict[str, int]
    version_text: str | None = None

    def address_of(self, symbol: str, mapped_at: int) -> int | None:
        """Return where a symbol is in a process that has the file mapped at `mapped_at`."""
        if symbol not in self.symbols:
            return None
        return self.symbols[symbol] + (0 if self.fixed else mapped_at - self.first_address)


def read_elf(path: Path) -> ElfFacts | None:
    """Read a file's facts, once per state of the file; None if it is no ELF file.

    Raises:
        OSError: the file cannot be opened or read.

    """
    status = path.stat()
    return _read(_File(path, (status.st_dev, status.st_ino, status.st_mtime_ns)))


class _File:
    """A path that equals every other path to the same state of the same file."""

    def __init__(self, path: Path, identity: tuple[int, int, int]) -> None:
        self.path = path
        self.identity = identity

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _File) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


@functools.lru_cache(maxsize=256)
def _read(file: _File) -> ElfFacts | None:
    with file.path.open("rb") as stream:
        try:
            return _parse(stream)
        except _PARSE_ERRORS:  # pyelftools fails in all these ways on damaged files
            return None


def _parse(stream: BinaryIO) -> ElfFacts | None:
    elf = ELFFile(stream)
    loads = [
        segment["p_vaddr"] for segment in elf.iter_segments() if segment["p_type"] == "PT_LOAD"
    ]
    if not loads:
        return None
    symbols = _symbols(elf)
    text = None
    if RUNTIME in symbols and VERSION not in symbols:
        text = _version_text(elf)
    return ElfFacts(
        machine=elf["e_machine"],
        bits=elf.elfclass,
        fixed=elf["e_type"] == "ET_EXEC",
        first_address=loads[0] & ~0xFFF,
        symbols=symbols,
        version_text=text,
    )


def _symbols(elf: Any) -> dict[str, int]:
    table = elf.get_section_by_name(".gnu.hash") or elf.get_section_by_name(".hash")
    table = table or elf.get_section_by_name(".dynsym")
    if table is None:
        return {}
    found = {}
    for name in (RUNTIME, VERSION, DEBUG_MARK):
        answer = (
            table.get_symbol(name)
            if hasattr(table, "get_number_of_symbols")
            else next(iter(table.get_symbol_by_name(name) or ()), None)
        )
        if answer is not None and answer["st_shndx"] != "SHN_UNDEF":
            found[name] = int(answer["st_value"])
    return found


def _version_text(elf: Any) -> str | None:
    section = elf.get_section_by_name(".rodata")
    if section is None:
        return None
    texts = {match.decode() for match in _VERSION_TEXT.findall(section.data())}
    return texts.pop() if len(texts) == 1 else None
