"""What diag can see of one process, each with the remedy if it cannot."""

from collections.abc import Callable, Iterator
from pathlib import Path

from diag.collect.access import remedy
from diag.collect.checks import Check, State, ask, may_trace
from diag.collect.memory import Memory, MemoryUnreadableError
from diag.collect.pyspy import find_pyspy

ROOT = Path("/")


def check_process(pid: int, *, root: Path = ROOT) -> Iterator[Check]:
    """Try what diag needs of one process; the first check fails if it is gone."""
    process = root / "proc" / str(pid)
    try:
        name = (process / "comm").read_text(encoding="utf-8", errors="backslashreplace").strip()
    except OSError:
        yield Check(name=f"process {pid}", state=State.MISSING, found="no such process")
        return
    yield Check(name=f"process {pid}", state=State.OK, found=name)
    advice = _remedy(process, root)
    yield _attempt("its waits", lambda: (process / "syscall").read_bytes(), advice)
    yield _attempt("its descriptors", lambda: list((process / "fd").iterdir()), advice)
    yield _attempt("its memory", lambda: Memory(pid, proc_root=root / "proc").close(), advice)
    yield _stacks(pid, advice)


def _remedy(process: Path, root: Path) -> str:
    if may_trace(root=root):
        return "the kernel protects it even so: run diag in the container or session it belongs to"
    try:
        uid = process.stat().st_uid
    except OSError:  # it has ended since: each attempt will say so
        uid = None
    return remedy(uid, proc_root=root / "proc")


def _attempt(name: str, read: Callable[[], object], remedy: str) -> Check:
    try:
        read()
    except OSError as error:
        return Check(
            name=name, state=State.MISSING, found=error.strerror or str(error), remedy=remedy
        )
    except MemoryUnreadableError as error:
        return Check(name=name, state=State.MISSING, found=str(error), remedy=remedy)
    return Check(name=name, state=State.OK, found="readable")


def _stacks(pid: int, advice: str) -> Check:
    """Ask py-spy for the stacks, without stopping the process."""
    program = find_pyspy()
    if program is None:
        return Check(name="its stacks", state=State.LIMITED, found="py-spy is not installed")
    answer = ask([program, "dump", "--nonblocking", "--pid", str(pid)])
    for line in answer.splitlines():
        if line.startswith("Python v"):
            return Check(name="its stacks", state=State.OK, found=line)
    return Check(
        name="its stacks",
        state=State.LIMITED,
        found=answer.partition("\n")[0] or "py-spy gave no answer",
        remedy=f"not needed if it is no Python program; else: {advice}",
    )
