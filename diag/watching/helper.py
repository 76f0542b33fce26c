"""A program that diag starts for a moment: with a deadline, and signals as diag found them."""

import os
import resource
import select
import signal
from collections.abc import Mapping, Sequence
from tempfile import TemporaryFile

_KILLED_WITHIN_S = 5.0


def run_helper(
    command: Sequence[str],
    *,
    deadline_s: float,
    mask: set[int] | set[signal.Signals],
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> str | None:
    """Run a program to its end, or kill it at its deadline; its output goes to standard error.

    Returns:
        what went wrong, None if it ended with status 0.

    """
    with TemporaryFile() as text:
        text.write(stdin)
        text.flush()
        text.seek(0)
        actions = [(os.POSIX_SPAWN_DUP2, text.fileno(), 0), (os.POSIX_SPAWN_DUP2, 2, 1)]
        try:
            pid = os.posix_spawnp(
                command[0],
                list(command),
                {**os.environ, **(environment or {})},
                file_actions=actions,
                setsigmask=mask,
                setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
            )
        except OSError as error:
            return f"cannot start {command[0]}: {error.strerror}"
    late = not _ends_within(pid, deadline_s)
    if late:
        os.kill(pid, signal.SIGKILL)
        _ends_within(pid, _KILLED_WITHIN_S)
    _, status = os.waitpid(pid, os.WNOHANG if late else 0)
    if late:
        return f"{command[0]} took longer than {deadline_s:g} s and was killed"
    code = os.waitstatus_to_exitcode(status)
    return None if code == 0 else f"{command[0]} ended with status {code}"


def _ends_within(pid: int, wait_s: float) -> bool:
    fd = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(wait_s * 1000))
    finally:
        os.close(fd)


def helpers_cpu_s() -> float:
    """Return the CPU time of children that have ended: within a look, those are helpers."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime
