"""diag for Python programs: look at a tree, judge it, watch it while a block runs.

    import diag

    print(diag.diagnose(pid).headline)

    with diag.watch() as watch:  # this very process, from outside
        work()
    for finding in watch.report.findings:
        print(finding.title)

Re-exported by `diag`; nothing is imported before it is used.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from diag import pipeline, policy
from diag.consent import allow_attach
from diag.errors import FAIL_ON, DiagError, ExitStatus, UsageError
from diag.model.codec import decode_report, read_recording
from diag.model.report import Report
from diag.model.snapshot import Snapshot
from diag.project import read_project

_BEGINS_WITHIN_S = 30.0
_ENDS_WITHIN_S = 60.0
_POLL_S = 0.02

__all__ = ["Watch", "WatchError", "allow_attach", "diagnose", "fails", "snapshot", "watch"]


class WatchError(DiagError):
    """The process that watches could not do so."""


def snapshot(pid: int, *, stacks: bool = True, show_locals: bool = False) -> Snapshot:
    """Look once at the tree of a process; nothing is judged.

    Args:
        pid: the root of the tree.
        stacks: whether to ask py-spy for Python stacks.
        show_locals: whether to keep the values of variables of the program's own code, with
            what looks like a secret masked.

    Raises:
        TargetGoneError: there is no such process.
        TargetForbiddenError: nothing of it may be read.

    """
    return pipeline.snapshot(pid, stacks=stacks, show_locals=show_locals).snapshots[-1]


def diagnose(
    pid: int,
    *,
    for_s: float | None = None,
    stacks: bool = True,
    show_locals: bool = False,
    project: str | os.PathLike[str] = ".",
) -> Report:
    """Look at the tree of a process twice, and judge it, as `diag attach` does.

    Not for the calling process: see `watch`, which looks from outside.

    Args:
        pid: the root of the tree.
        for_s: seconds from the first look to the second; None for one, and up to six while
            memory, threads, descriptors or children become more.
        stacks: whether to ask py-spy for Python stacks.
        show_locals: whether to keep the values of variables of the program's own code, with
            what looks like a secret masked.
        project: a folder: findings that `[tool.diag]` of its `pyproject.toml` ignores, or
            that its baseline knows, are set apart in `Report.ignored`; paths become relative
            to it.

    Raises:
        TargetGoneError: there is no such process, or it ended meanwhile.
        TargetForbiddenError: nothing of it may be read.
        UsageError: the settings of the project cannot be used.

    """
    here = read_project(Path(project))
    return here.judge(pipeline.look(pid, for_s=for_s, stacks=stacks, show_locals=show_locals))


def fails(
    report: Report, *, fail_on: str | None = None, project: str | os.PathLike[str] = "."
) -> bool:
    """Return whether a report holds findings that count: then a command would return 1.

    Args:
        report: from `diagnose` or a watch.
        fail_on: "error", "warning" or "never"; None for what the project says, else "error".
        project: the folder of its `pyproject.toml`.

    Raises:
        UsageError: no such severity, or the settings of the project cannot be used.

    """
    level = fail_on or policy.read_settings(Path(project)).fail_on or FAIL_ON[0]
    if level not in FAIL_ON:
        raise UsageError(f"fail_on={level!r} is none of {', '.join(FAIL_ON)}")
    return policy.exit_status(report, level) != ExitStatus.OK


def watch(
    pid: int | None = None,
    *,
    record: str | os.PathLike[str] | None = None,
    on_hang: str = "report",
    quiet: bool = False,
    show_locals: bool = False,
    project: str | os.PathLike[str] = ".",
) -> "Watch":
    """Watch a tree while a `with` block runs.

    The watching is done by a process of its own, outside the tree: it goes on while
    this process holds its GIL, and what it finds it says at once on standard error.

    Args:
        pid: the root of the tree, None for the calling process.
        record: where to keep the recording, None for nowhere.
        on_hang: "report", "kill" or "exec CMD", as for `diag watch --on-hang`.
        quiet: whether findings are said only by `Watch.report`.
        show_locals: whether to keep the values of variables, as in `diagnose`.
        project: the folder whose policy counts, as in `diagnose`.

    """
    options = ["--on-hang", on_hang]
    options += ["--quiet"] if quiet else []
    options += ["--show-locals"] if show_locals else []
    return Watch(
        os.getpid() if pid is None else pid,
        record=record,
        options=options,
        project=Path(project).absolute(),
    )


class Watch:
    """A running watch; see `watch`.

    Raises:
        WatchError: on entering or leaving: the watch could not begin, or gave no report.

    """

    def __init__(
        self,
        pid: int,
        *,
        record: str | os.PathLike[str] | None,
        options: Sequence[str],
        project: Path,
    ) -> None:
        self._pid, self._options, self._project = pid, options, project
        self._folder = TemporaryDirectory(prefix="diag-watch-")
        self._report_file = Path(self._folder.name) / "report.json"
        self._recording = Path(record or Path(self._folder.name) / "recording.jsonl").absolute()
        self._pidfd = -1
        self._report: Report | None = None

    @property
    def report(self) -> Report:
        """What was found: so far within the block, all in all after it.

        Raises:
            RecordingError: nothing was seen yet.

        """
        if self._report is not None:
            return self._report
        with self._recording.open("rb") as stream:
            return read_project(self._project).judge(read_recording(stream))

    def __enter__(self) -> Self:
        """Begin; return when the first look has been taken."""
        command = [sys.executable, "-m", "diag", "watch", str(self._pid), "--leave-tree"]
        command += [*self._options, "--record", str(self._recording)]
        command += ["--fail-on", "never", "--json", "-o", str(self._report_file)]
        self._recording.unlink(missing_ok=True)
        begun = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=self._project,
            timeout=_BEGINS_WITHIN_S,
            check=False,
        )
        if begun.returncode != 0:
            self._folder.cleanup()
            raise WatchError(f"process {self._pid} cannot be watched: see standard error")
        observer = int(begun.stdout)
        self._pidfd = os.pidfd_open(observer)
        if self._pid == os.getpid():
            allow_attach(observer)
        self._wait_for_first_look()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._end()
            if self._report_file.exists():
                self._report = decode_report(self._report_file.read_bytes())
            elif kind is None:
                raise WatchError("the watch ended without a report: see standard error")
        finally:
            self._folder.cleanup()

    def _wait_for_first_look(self) -> None:
        until_s = time.monotonic() + _BEGINS_WITHIN_S
        while time.monotonic() < until_s and not self._ended(0.0):
            if self._recording.exists() and b'"snapshot"' in self._recording.read_bytes():
                return
            time.sleep(_POLL_S)
        self._end()
        self._folder.cleanup()
        raise WatchError(f"process {self._pid} cannot be watched: see standard error")

    def _end(self) -> None:
        if not self._ended(0.0):
            signal.pidfd_send_signal(self._pidfd, signal.SIGTERM)
        if not self._ended(_ENDS_WITHIN_S):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        os.close(self._pidfd)

    def _ended(self, wait_s: float) -> bool:
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(wait_s * 1000))
