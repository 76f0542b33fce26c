"""The program that is watched: started here or found running; its exit, its end by force."""

import os
import select
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from diag.collect.tree import read_stat
from diag.errors import DiagError, TargetGoneError
from diag.model.ids import ProcessId
from diag.watching.signals import PASSED_ON, Arrived, Signals
from diag.watching.stderr import ErrorSource, open_errors
from diag.watching.strays import Strays
from diag.watching.witness import Witness

# Python ignores these; a child starts with what it would have without diag.
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
NOT_FOUND, NOT_EXECUTABLE = 127, 126  # as a shell has them
SIGNALLED = 128  # the exit status of a program that signal n ended is 128 + n
_POLL_S = 0.05


class CommandError(DiagError):
    """The command cannot be started."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status  # type: ignore[assignment]


class Leftover(NamedTuple):
    """A process of the tree that outlived its root."""

    pid: int
    name: str


class Target:
    """A watched tree.

    Attributes:
        id: pid and start time of the root.
        ours: whether diag started it.
        signals: those sent to diag.
        errors: known errors on its standard error.

    """

    def __init__(
        self,
        pid: int,
        *,
        signals: Signals,
        strays: Strays | None = None,
        errors: ErrorSource | None = None,
        witness: Witness | None = None,
    ) -> None:
        try:
            self.id = ProcessId(pid=pid, start_ticks=read_stat(pid).start_ticks)
            self._pidfd = os.pidfd_open(pid)
        except OSError as error:
            raise TargetGoneError(
                f"there is no process {pid}", hint="see `ps -e` for the processes that run"
            ) from error
        self.ours = strays is not None
        self._strays = strays
        self.signals = signals
        self.errors = errors or ErrorSource()
        self._witness = witness
        self._status: int | None = None

    @property
    def pid(self) -> int:
        """The root's process id."""
        return self.id.pid

    def wait(self, until_s: float) -> tuple[signal.Signals, ...]:
        """Wait until a moment of CLOCK_MONOTONIC; return signals that came.

        The root's exit, a signal and an error line end the wait early.
        """
        fds = (self._pidfd, self.signals.fileno(), self.errors.fileno())
        _readable((fd for fd in fds if fd >= 0), until_s - time.monotonic())
        return self.signals.arrived()

    def has_exited(self) -> bool:
        """Whether the root has ended; a zombie that its parent has not reaped has."""
        return bool(_readable((self._pidfd,), 0.0))

    def exit_status(self) -> int:
        """Reap the root, which has ended; return its status as a shell would."""
        if self._status is None:
            _, status = os.waitpid(self.pid, 0)
            code = os.waitstatus_to_exitcode(status)
            self._status = code if code >= 0 else SIGNALLED - code
        return self._status

    def adopted(self) -> tuple[int, ...]:
        """Return the processes of the tree that have left their parents (strays.py).

        To be called only while diag runs no helper, which would be a child as well.
        """
        if self._strays is None:
            return ()
        return self._strays.find(
            self.pid, self.errors.pid, self._witness.pid if self._witness else 0
        )

    def leftovers(self) -> tuple[Leftover, ...]:
        """Return what still runs of the tree after its root has ended."""
        found = []
        for pid in self.adopted():
            with suppress(OSError):  # it ended as well
                found.append(Leftover(pid, read_stat(pid).name))
        return tuple(found)

    def close(self) -> None:
        """Give back descriptors and signals; the tree stays as it is."""
        self.errors.finish()
        os.close(self._pidfd)
        self.signals.close()
        if self._witness is not None:
            self._witness.close()


def start(command: Sequence[str], *, leave_stderr: bool = False) -> Target:
    """Start a command as a child in the same process group, with diag's own files.

    Standard error is looked at where that can be done without harm (stderr.py), unless
    `leave_stderr`. To be called while diag has one thread.

    Whatever it starts is found, even when it leaves its group, its session and its
    parent (strays.py).

    Raises:
        CommandError: there is no such program, or it cannot be executed.

    """
    pids: list[int] = []

    def pass_on(arrived: Arrived) -> None:
        if pids and not arrived.to_group:
            with suppress(ProcessLookupError):
                os.kill(pids[0], arrived.number)

    strays = Strays()
    errors = ErrorSource() if leave_stderr else open_errors()
    witness = Witness()
    signals = Signals(PASSED_ON, pass_on, witness=witness)
    try:
        pids.append(
            os.posix_spawnp(
                command[0],
                list(command),
                strays.environment,
                file_actions=errors.file_actions,
                setsigmask=signals.original_mask,
                setsigdef=_IGNORED_BY_PYTHON,
            )
        )
    except OSError as error:
        signals.close()
        witness.close()
        errors.started()
        errors.finish()
        missing = isinstance(error, FileNotFoundError)
        status = NOT_FOUND if missing else NOT_EXECUTABLE
        raise CommandError(f"cannot start {command[0]}: {error.strerror}", status) from error
    errors.started()
    return Target(pids[0], signals=signals, strays=strays, errors=errors, witness=witness)


def attach(pid: int, numbers: frozenset[signal.Signals]) -> Target:
    """Watch a running process; `numbers` are the signals that end the watch.

    Raises:
        TargetGoneError: there is no such process.

    """
    signals = Signals(numbers, lambda _: None)
    try:
        return Target(pid, signals=signals)
    except TargetGoneError:
        signals.close()
        raise


def end(tree: Iterable[ProcessId], *, grace_s: float) -> tuple[int, ...]:
    """End processes, the last first: SIGTERM, and after a grace SIGKILL; return who survived.

    Given a tree with each parent before its children, children end first, so that
    nobody starts them anew or is left without a parent. A pid that belongs to
    another process by now is left alone.
    """
    fds: dict[int, int] = {}
    try:
        for process_id in reversed(tuple(tree)):
            with suppress(OSError):  # it ended
                fds[process_id.pid] = os.pidfd_open(process_id.pid)
                # Read after the pidfd was opened, so it is told of that very process.
                if read_stat(process_id.pid).start_ticks != process_id.start_ticks:
                    os.close(fds.pop(process_id.pid))
        for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, grace_s)):
            for fd in fds.values():
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(fd, number)
                    if number is signal.SIGTERM:
                        # A stopped process takes no signal but this and SIGKILL.
                        signal.pidfd_send_signal(fd, signal.SIGCONT)
            if not _running_after(fds, wait_s):
                return ()
        return tuple(_running_after(fds, 0.0))
    finally:
        for fd in fds.values():
            os.close(fd)


def _running_after(fds: dict[int, int], wait_s: float) -> list[int]:
    until_s = time.monotonic() + wait_s
    while True:
        ended = _readable(fds.values(), 0.0)
        running = [pid for pid, fd in fds.items() if fd not in ended]
        if not running or time.monotonic() >= until_s:
            return running
        time.sleep(_POLL_S)


def _readable(fds: Iterable[int], wait_s: float) -> set[int]:
    """Wait for descriptors; select(2) could not take those above 1023."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return {fd for fd, _ in poll.poll(max(0.0, wait_s) * 1000)}
