"""Which interpreter a process runs, and where in its memory it is."""

import re
import struct
from pathlib import Path
from typing import NamedTuple

from diag.collect.cpython.elf import DEBUG_MARK, RUNTIME, VERSION, ElfFacts, read_elf
from diag.collect.cpython.layout import COOKIE
from diag.collect.maps import AddressSpace, Mapping
from diag.collect.memory import PROC, Memory, MemoryUnreadableError
from diag.model.process import Interpreter

_LIBRARY = re.compile(r"libpython(\d\.\d+)([a-z]*)\.so")
_EXECUTABLE = re.compile(r"python(\d\.\d+)([a-z]*)$")
_PYPY = re.compile(r"(?:lib)?pypy(\d\.\d+)?(?:-c)?(?:\.so|$|\s)")
_MUSL = re.compile(r"(?:ld-musl-|libc\.musl-)")
_DELETED = " (deleted)"
_RELEASE_LEVELS = {0xA: "a", 0xB: "b", 0xC: "rc", 0xF: ""}

MACHINE = "EM_X86_64"
OLDEST = (3, 9)


class Build(NamedTuple):
    """An interpreter found in a process.

    Attributes:
        interpreter: what it is; `memory` says what keeps it from being read.
        version: (3, 12), None if it could not be told.
        runtime: address of `_PyRuntime`, 0 if it could not be told.

    """

    interpreter: Interpreter
    version: tuple[int, int] | None = None
    runtime: int = 0


def recognise(
    pid: int, space: AddressSpace, memory: Memory | None, *, proc_root: Path = PROC
) -> Build | None:
    """Tell which Python a process runs; None if it runs none.

    Args:
        pid: of the process.
        space: its mappings.
        memory: its memory, None if it may not be read.
        proc_root: where `/proc` is.

    Raises:
        OSError: the process is gone.

    """
    images = [mapping for mapping in space.mappings if mapping.inode and mapping.offset == 0]
    names = {Path(mapping.path.removesuffix(_DELETED)).name for mapping in images}
    if pypy := next(filter(None, map(_PYPY.match, sorted(names))), None):
        return Build(
            Interpreter(
                version=pypy[1] or "unknown",
                implementation="pypy",
                memory="PyPy: only CPython's memory can be read",
            )
        )
    for mapping in _likely_first(images, _executable_inode(pid, proc_root)):
        facts = _facts(pid, mapping, proc_root)
        if facts is not None and RUNTIME in facts.symbols:
            return _build(facts, mapping, memory, musl=any(map(_MUSL.match, names)))
        if named := _LIBRARY.search(Path(mapping.path).name):
            reason = "its file cannot be read" if facts is None else "it does not export _PyRuntime"
            return Build(Interpreter(version=named[1], memory=reason))
    return None


def _executable_inode(pid: int, proc_root: Path) -> int:
    return (proc_root / str(pid) / "exe").stat().st_ino


def _likely_first(images: list[Mapping], executable: int) -> list[Mapping]:
    """Return libpython and the program itself: no other file has the interpreter."""
    libraries = [image for image in images if _LIBRARY.search(image.path.rpartition("/")[2])]
    programs = [image for image in images if image.inode == executable]
    return libraries[:1] + programs[:1]


def _facts(pid: int, mapping: Mapping, proc_root: Path) -> ElfFacts | None:
    """Read the mapped file, from whichever path leads to the very same inode."""
    base = proc_root / str(pid)
    candidates = [base / "exe", base / "map_files" / f"{mapping.start:x}-{mapping.end:x}"]
    if not mapping.path.endswith(_DELETED):
        inside = mapping.path.lstrip("/")
        # In a plain chroot the kernel already writes the path as we see it.
        candidates = [base / "root" / inside, Path("/") / inside, *candidates]
    for path in candidates:
        try:
            if path.stat().st_ino == mapping.inode:
                return read_elf(path)
        except OSError:
            continue  # another name of the same file may be open to us
    return None


def _build(facts: ElfFacts, mapping: Mapping, memory: Memory | None, *, musl: bool) -> Build:
    runtime = facts.address_of(RUNTIME, mapping.start) or 0
    named, flags = _named_version(mapping.path)
    named = facts.version_text or named
    if facts.machine != MACHINE or facts.bits != 64:
        machine = facts.machine.removeprefix("EM_").lower()
        reason = f"memory layouts are known for x86-64 only, this is {machine}"
        return Build(Interpreter(version=named, variant=machine, memory=reason))
    if memory is None:
        return Build(Interpreter(version=named, memory="its memory may not be read"))
    try:
        published, free_threaded = _published(facts, mapping, memory)
    except MemoryUnreadableError as error:
        return Build(Interpreter(version=named, memory=f"not readable: {error}"))
    text = version_text(published) or named
    variant, obstacle = _obstacle(
        free_threaded=free_threaded,
        debug=DEBUG_MARK in facts.symbols or "d" in flags,
        musl=musl,
    )
    minor = re.match(r"(\d+)\.(\d+)", text)
    version = (int(minor[1]), int(minor[2])) if minor else None
    if version is None or version < OLDEST:
        obstacle = obstacle or f"memory layouts of Python {text} are not known"
    return Build(Interpreter(version=text, variant=variant, memory=obstacle), version, runtime)


def _published(facts: ElfFacts, mapping: Mapping, memory: Memory) -> tuple[int, bool]:
    """Return PY_VERSION_HEX as the process has it, 0 before 3.11, and its free-threaded flag."""
    head = memory.read(facts.address_of(RUNTIME, mapping.start) or 0, 24)
    if head.startswith(COOKIE):
        number, flag = struct.unpack_from("<QQ", head, len(COOKIE))
        return number, flag != 0
    address = facts.address_of(VERSION, mapping.start)
    return (memory.u64(address) if address else 0), False


def _named_version(path: str) -> tuple[str, str]:
    """Return the version and the ABI flags in a file's name, "unknown" and "" without."""
    name = path.removesuffix(_DELETED).rpartition("/")[2]
    match = _LIBRARY.search(name) or _EXECUTABLE.search(name)
    return (match[1], match[2]) if match else ("unknown", "")


def version_text(number: int) -> str | None:
    """Return PY_VERSION_HEX in words, None if it is no such number (patchlevel.h)."""
    level = _RELEASE_LEVELS.get(number >> 4 & 0xF)
    if level is None or number >> 24 != 3:
        return None
    suffix = f"{level}{number & 0xF}" if level else ""
    return f"3.{number >> 16 & 0xFF}.{number >> 8 & 0xFF}{suffix}"


def _obstacle(*, free_threaded: bool, debug: bool, musl: bool) -> tuple[str | None, str | None]:
    """Return the variant and why its memory cannot be read, both None if it can."""
    if free_threaded:
        return "free-threaded", "free-threaded build: memory layouts not known"
    if debug:
        return "debug", "debug build: memory layouts not known"
    if musl:
        return "musl", "musl libc: its thread structure is not known"
    return None, None
