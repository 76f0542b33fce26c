"""Starts the labelled programs of `tests/programs`, and leaves nothing of them behind.

A program says in a comment block what is to be found in it (the block's form is that of
inline script metadata, PEP 723):

    # /// diag
    # verdict = "hung"               or "degraded" or "healthy", as its folder asks for
    # stdin = "pipe"                 or "terminal": nothing comes; "null" by default
    # needs = ["strace"]             commands without which it cannot run
    # twin_of = ["lock-cycle"]       healthy, in the shape that these rules look for
    # live = true                    hung, but parts of it go on
    # still = true                   not hung, and yet nothing of it moves
    # newest = [3, 13]               the newest Python on which it can be found
    # alone = true                   takes CPUs from others, or is misjudged without them
    # look_s = 4.0                   how long to look at least, where it takes that long to see
    # stall_s = 2.0                  to be seen by a watch only, with this --stall
    # limits = {cpu = 0.5}           a control group of its own: cpu in CPUs, memory_mib
    # runs = [["fork"], ["spawn"]]   several programs in one: with these arguments
    # [[finding]]                    one for each error, of a degraded program for each warning
    # rule = "lock-cycle"
    # or_rule = "nobody-can-act"     a weaker answer that is also right
    # confidence = "proven"          or a list of words
    # functions = ["debit"]          the guilty function is one of these; [] = any
    # ///

It prints `READY <pid>` when it is in the state of its label. This module knows nothing of diag.
"""

import os
import re
import select
import signal
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from tests.integration.pythons import Target, environment

PROGRAMS = Path(__file__).resolve().parents[1] / "programs"
READY_DEADLINE_S = 30.0
SETTLE_DEADLINE_S = 20.0
SETTLE_S = 0.2
END_DEADLINE_S = 10.0
FOLDERS = {
    "hung": "hung",
    "healthy": "healthy",
    "slow": "degraded",
    "slow_healthy": "healthy",
}
_ENTER_GROUPS = 'for file in $GROUPS_TO_ENTER; do echo $$ > "$file"; done; exec "$@"'
_BLOCK = re.compile(r"(?m)^# /// diag$\n(?P<content>(?:^#.*$\n)+?)^# ///$")


@dataclass(frozen=True)
class Expected:
    """A finding that a program's label asks for."""

    rules: tuple[str, ...]
    confidences: tuple[str, ...]
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Program:
    """A labelled program."""

    path: Path
    verdict: str
    findings: tuple[Expected, ...]
    stdin: str
    needs: tuple[str, ...]
    still: bool
    twin_of: tuple[str, ...]
    newest: tuple[int, ...]
    alone: bool
    look_s: float
    stall_s: float | None
    limits: dict[str, float]
    arguments: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its file's name without the ending, and its arguments; unique among all programs."""
        return "_".join((self.path.stem, *self.arguments))

    def missing(self, target: Target) -> list[str]:
        """Return the commands it needs that the target's root directory lacks."""
        folders = ("usr/bin", "usr/local/bin", "usr/sbin")
        root = target.root or Path("/")
        return [
            command
            for command in self.needs
            if not any((root / folder / command).exists() for folder in folders)
        ]


@dataclass(frozen=True)
class Seen:
    """What `/proc` says of one thread: enough to see whether it moves."""

    state: str
    switches: tuple[int, ...]


def programs(*folders: str) -> list[Program]:
    """Return the programs of folders of `tests/programs`, in order of their names."""
    return [
        program
        for folder in folders
        for path in sorted((PROGRAMS / folder).glob("*.py"))
        for program in read_label(path)
    ]


def read_label(path: Path) -> list[Program]:
    """Return the programs in a file, one unless its label lists several runs.

    Raises:
        ValueError: it has no label, or one that does not fit its folder.

    """
    block = _BLOCK.search(path.read_text())
    if block is None:
        raise ValueError(f"{path} has no label")
    lines = [line.removeprefix("#").removeprefix(" ") for line in block["content"].splitlines()]
    label = tomllib.loads("\n".join(lines))
    if label["verdict"] != FOLDERS[path.parent.name]:
        raise ValueError(f"{path} is labelled {label['verdict']}")
    only = Program(
        path=path,
        verdict=label["verdict"],
        findings=tuple(_expected(finding) for finding in label.get("finding", ())),
        stdin=label.get("stdin", "null"),
        needs=tuple(label.get("needs", ())),
        still=label.get("still", label["verdict"] == "hung" and not label.get("live", False)),
        twin_of=tuple(label.get("twin_of", ())),
        newest=tuple(label.get("newest", (3, 99))),
        alone=label.get("alone", False),
        look_s=label.get("look_s", 0.0),
        stall_s=label.get("stall_s"),
        limits=label.get("limits", {}),
        arguments=(),
    )
    return [replace(only, arguments=tuple(each)) for each in label.get("runs", [[]])]


def _expected(finding: dict[str, Any]) -> Expected:
    words = finding["confidence"]
    return Expected(
        rules=tuple(finding[key] for key in ("rule", "or_rule") if key in finding),
        confidences=(words,) if isinstance(words, str) else tuple(words),
        functions=tuple(finding["functions"]),
    )


@contextmanager
def running(program: Program, target: Target, *, groups: Sequence[Path] = ()) -> Iterator[int]:
    """Run a program until the block ends; give its pid once it is in its state.

    Args:
        program: what to run.
        target: the Python to run it with.
        groups: files of control groups (`cgroup.procs`) that it enters first.

    It runs in a session of its own, by which all its processes are found and killed.

    Raises:
        AssertionError: it did not reach its state, or a process of it survived.

    """
    root = target.root or Path("/")
    with (
        tempfile.TemporaryDirectory(dir=root / "tmp", prefix="diag-") as folder,
        tempfile.TemporaryFile() as errors,
        _stdin(program.stdin) as stdin,
    ):
        process = subprocess.Popen(
            ["/bin/sh", "-c", _ENTER_GROUPS, "sh", *target.argv(program.path, *program.arguments)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={
                **environment(),
                "TMPDIR": f"/tmp/{Path(folder).name}",
                "GROUPS_TO_ENTER": " ".join(map(str, groups)),
            },
            start_new_session=True,
        )
        try:
            if not _says_ready(process):
                errors.seek(0)
                raise AssertionError(f"{program.name} is not ready: {errors.read().decode()}")
            if program.still:
                wait_until_still(process.pid)
            elif program.verdict == "hung":
                time.sleep(SETTLE_S)  # the thread that said READY is to be gone
            yield process.pid
        finally:
            _end(process)


@contextmanager
def _stdin(kind: str) -> Iterator[IO[bytes] | int]:
    """Give a standard input; a pipe is one that a program other than the observer could fill."""
    if kind == "null":
        yield subprocess.DEVNULL
        return
    if kind == "terminal":
        master, terminal = os.openpty()
        try:
            yield terminal
        finally:
            os.close(terminal)
            os.close(master)
        return
    with subprocess.Popen(["sleep", "infinity"], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        try:
            yield writer.stdout
        finally:
            writer.kill()


def session(leader: int) -> list[int]:
    """Return the pids of a session that are not zombies."""
    pids = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(entry)):
            state, in_session = fields[0], int(fields[3])
            if in_session == leader and state not in "ZX":
                pids.append(int(entry.name))
    return pids


def threads(leader: int) -> dict[int, Seen]:
    """Return the threads of a session's processes by tid."""
    return {
        int(task.name): seen
        for pid in session(leader)
        for task in _entries(Path(f"/proc/{pid}/task"))
        if (seen := _look(task))
    }


def _look(task: Path) -> Seen | None:
    fields = _stat(task)
    try:
        status = (task / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    switches = re.findall(r"ctxt_switches:\s+(\d+)", status)
    return Seen(fields[0], tuple(map(int, switches))) if fields else None


def _stat(entry: Path) -> list[str]:
    """Return the fields of stat from the third on (the state), [] if it is gone."""
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []


def _says_ready(process: subprocess.Popen[bytes]) -> bool:
    assert process.stdout is not None
    text = b""
    deadline = time.monotonic() + READY_DEADLINE_S
    while (left := deadline - time.monotonic()) > 0:
        if select.select([process.stdout], [], [], left)[0]:
            text += (piece := os.read(process.stdout.fileno(), 4096))
            if b"READY %d\n" % process.pid in text:
                return True
            if not piece:
                return False
    return False


def wait_until_still(leader: int) -> None:
    """Wait until no thread of a session has run for a while."""
    deadline = time.monotonic() + SETTLE_DEADLINE_S
    before = threads(leader)
    while time.monotonic() < deadline:
        time.sleep(SETTLE_S)
        now = threads(leader)
        if now == before and now and all(seen.state != "R" for seen in now.values()):
            return
        before = now
    raise AssertionError(f"the program still moves, or has ended: {before}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a session; SIGKILL ends stopped and traced processes as well."""
    deadline = time.monotonic() + END_DEADLINE_S
    while pids := session(process.pid):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it ended by itself
        assert time.monotonic() < deadline, f"these processes survived: {pids}"
        time.sleep(0.01)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
