"""What a check found, and what several checks ask."""

import subprocess
from enum import StrEnum
from pathlib import Path

from diag.model.base import Record

PYSPY_DEADLINE_S = 10.0
_CAP_SYS_PTRACE = 19  # linux/capability.h


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    LIMITED = "limited"
    MISSING = "missing"


class Check(Record, frozen=True):
    """One thing that diag needs.

    Attributes:
        name: what was tried.
        state: LIMITED if diag works without it but sees less.
        found: what was found, in words.
        remedy: what to do about it; None where all is well.

    """

    name: str
    state: State
    found: str
    remedy: str | None = None


def may_trace(*, root: Path) -> bool:
    """Return whether this process holds CAP_SYS_PTRACE (capabilities(7)).

    Raises:
        OSError: `/proc` is not mounted.

    """
    for line in (root / "proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_PTRACE & 1)
    return False


def ask(command: list[str]) -> str:
    """Run a helper for at most `PYSPY_DEADLINE_S` and return what it says, errors included."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PYSPY_DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {PYSPY_DEADLINE_S:.0f} s"
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return (done.stdout + done.stderr).decode("utf-8", "backslashreplace").strip()
