"""What diag can see of one process, each with the remedy if it cannot."""

from collections.abc import Callable, Iterator
from pathlib import Path

from diag.collect.checks import Check, State, ask, find_pyspy, may_trace
from diag.collect.memory import Memory, MemoryUnreadableError

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
    remedy = _remedy(root)
    yield _attempt("its waits", lambda: (process / "syscall").read_bytes(), remedy)
    yield _attempt("its descriptors", lambda: list((process / "fd").iterdir()), remedy)
    yield _attempt("its memory", lambda: Memory(pid, proc_root=root / "proc").close(), remedy)
    yield _stacks(pid)


def _remedy(root: Path) -> str:
    if may_trace(root=root):
        return "the kernel protects it even so: run diag in the container or session it belongs to"
    return "run diag with sudo; in a container: --cap-add SYS_PTRACE"


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


def _stacks(pid: int) -> Check:
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
        remedy="not needed if it is no Python program; else: run diag with sudo",
    )
