"""Starts a variant of a scenario, waits until it is in the state that matters, and ends it."""

import contextlib
import json
import math
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from diag.errors import DiagError
from diag.scenario import cgroups
from diag.scenario.container import container
from diag.scenario.labels import Scenario, Variant
from diag.scenario.places import NotPermittedError
from diag.scenario.tree import Tree

READY_DEADLINE_S = 60.0
# The container's own; the /tmp of outside may hold the Python that is to run.
_CONTAINED_TMPDIR = "/dev/shm"  # noqa: S108
_TICK_S = 0.02
_LAST_LINES_S = 1.0
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")
# Into the control groups first, then the program, with the same pid.
_ENTER = 'until [ "$1" = -- ]; do echo $$ > "$1" || exit 125; shift; done; shift; exec "$@"'


class NotReadyError(DiagError):
    """A scenario ended, or took too long, before it was in the state that matters."""


class Running:
    """A variant that runs.

    Attributes:
        pid: of the process to look at: the announced one once it is ready.
        lines: what it has printed so far, errors included.
        notes: what is other than the label asks for.
        tree: its processes.

    """

    def __init__(
        self, process: subprocess.Popen[str], group: cgroups.Group | None, notes: tuple[str, ...]
    ) -> None:
        self.pid = process.pid
        self.lines: list[str] = []
        self.notes = notes
        self.tree = Tree(process.pid)
        self._process = process
        self._group = group
        self._reader = threading.Thread(target=self._read, name="scenario-output", daemon=True)
        self._reader.start()

    @property
    def ready(self) -> bool:
        """Whether it has announced that it is in the state that matters."""
        return any(line.startswith("READY ") for line in self.lines)

    @property
    def result(self) -> dict[str, object] | None:
        """What it has measured, None before it says."""
        for line in reversed(self.lines):
            if line.startswith("RESULT "):
                measured: dict[str, object] = json.loads(line.removeprefix("RESULT "))
                return measured
        return None

    def exit_status(self) -> int | None:
        """Return its exit status, negative for a signal, None while it runs."""
        return self._process.poll()

    def ended(self) -> bool:
        """Tell whether it has ended; its lines are then complete."""
        if self._process.poll() is None:
            return False
        self._reader.join(timeout=_LAST_LINES_S)
        return True

    def usage(self) -> cgroups.Usage | None:
        """Return the counters of its control group, None without one."""
        return self._group.usage() if self._group else None

    def wait_ready(self, deadline_s: float = READY_DEADLINE_S) -> None:
        """Return once it is ready, or raise NotReadyError with its last words."""
        deadline = time.monotonic() + deadline_s
        while not self.ready:
            ended = self.ended()
            if self.ready:
                break
            if ended or time.monotonic() > deadline:
                how = f"ended with {self.exit_status()}" if ended else f"took over {deadline_s} s"
                last = self.lines[-1] if self.lines else "it printed nothing"
                raise NotReadyError(f"the scenario {how} before it was ready: {last}")
            time.sleep(_TICK_S)
        announced = next(line for line in self.lines if line.startswith("READY "))
        inner_pid = int(announced.split()[1])
        self.pid = self.tree.seen_inside_as(inner_pid) or inner_pid

    def end(self) -> None:
        """Kill all its processes and collect its last lines."""
        self.tree.end()
        self._process.wait()
        self._reader.join(timeout=_LAST_LINES_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))


@contextlib.contextmanager
def launch(
    scenario: Scenario,
    variant: Variant,
    *,
    python: Sequence[str],
    quick: bool = False,
    contained: bool = False,
) -> Iterator[Running]:
    """Start a variant, ready or not; in the end nothing of it is left.

    It runs in a session of its own, with a clean environment (PYTHONUNBUFFERED for one
    would take a lock away) and within real limits if it needs them. Where those are not
    permitted, `notes` says what is done instead; or, `contained`, in a container, which
    raises NotPermittedError where there can be none.
    """
    args = variant.quick_args if quick and variant.quick_args is not None else variant.args
    program = [*python, str(Path(scenario.folder) / variant.script), *args]
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="diag-scenario-"))
        group: cgroups.Group | None
        notes: tuple[str, ...]
        if contained:
            environment = _environment(_CONTAINED_TMPDIR)
            made = stack.enter_context(
                container(program, needs=variant.needs, environment=environment)
            )
            group, notes, command = made.group, (), made.words
        else:
            group, notes = _limits(stack, variant)
            entered = [str(file) for file in group.procs_files] if group else []
            command = ("/bin/sh", "-c", _ENTER, "sh", *entered, "--", *program)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=_environment(scratch),
            start_new_session=True,
        )
        running = Running(process, group, notes)
        stack.callback(running.end)
        if variant.needs.cpu_cores is not None and group is None:
            _pin(process.pid, variant.needs.cpu_cores)
        yield running


@contextlib.contextmanager
def start(
    scenario: Scenario,
    variant: Variant,
    *,
    python: Sequence[str],
    quick: bool = False,
    contained: bool = False,
) -> Iterator[Running]:
    """Start a variant and give it once it is ready, to be looked at at its `pid`.

    Raises NotReadyError. In the end nothing of it is left.
    """
    with launch(scenario, variant, python=python, quick=quick, contained=contained) as running:
        running.wait_ready()
        yield running


def _limits(
    stack: contextlib.ExitStack, variant: Variant
) -> tuple[cgroups.Group | None, tuple[str, ...]]:
    needs = variant.needs
    if not needs.control_group:
        return None, ()
    memory_bytes = None if needs.memory_mb is None else needs.memory_mb * 1024 * 1024
    try:
        group = cgroups.group(cpu_cores=needs.cpu_cores, memory_bytes=memory_bytes)
        return stack.enter_context(group), ()
    except NotPermittedError as error:
        notes = [str(error)]
    if needs.cpu_cores is not None:
        notes.append(f"instead of a quota it runs on {math.ceil(needs.cpu_cores)} CPU; no counters")
    if memory_bytes is not None:
        notes.append("it runs without a memory limit: compare the peaks instead")
    return None, tuple(notes)


def _pin(pid: int, cpu_cores: float) -> None:
    usable = sorted(os.sched_getaffinity(0))
    with contextlib.suppress(psutil.NoSuchProcess):  # it has ended already: seen soon enough
        psutil.Process(pid).cpu_affinity(usable[: math.ceil(cpu_cores)])


def _environment(scratch: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "TMPDIR": scratch, "PYTHONDONTWRITEBYTECODE": "1"}
