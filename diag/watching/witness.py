"""Tells whether a signal that came to diag was sent to its whole process group.

The kernel says who sent a signal, but not to whom. So a process that does nothing else is in
the group as well, with all signals blocked: what is sent to the group waits there until diag
asks for it. kill(2) and the terminal give a signal to all members of a group in one go
(__kill_pgrp_info, kernel/signal.c), so there is little to wait for.
"""

import os
import signal
import socket
from contextlib import suppress

from diag.watching.aside import fork_aside

_NAME = b"diag-witness"
_ANSWERS_WITHIN_S = 2.0
_ASKED = b"?"


class Witness:
    """The process, from the moment on in which this is made, until `close`.

    To be made while diag has one thread: it forks.

    Attributes:
        pid: of the process.

    """

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = fork_aside(_NAME, lambda: _answer(theirs), keep=(theirs.fileno(),))
        theirs.close()
        self._ours.settimeout(_ANSWERS_WITHIN_S)

    def sent_to_group(self) -> frozenset[int] | None:
        """Return the signals that the group got since the last call, None if nobody tells."""
        try:
            self._ours.send(_ASKED)
            return frozenset(self._ours.recv(signal.NSIG)) - {0}
        except OSError:  # it was killed, or stopped
            self._ours.close()
            return None

    def close(self) -> None:
        """End the process."""
        self._ours.close()
        with suppress(ProcessLookupError, ChildProcessError):  # reaped like a stray
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def _answer(diag: socket.socket) -> None:
    """Say which signals wait, whenever asked, until diag ends."""
    while diag.recv(len(_ASKED)):
        waiting = signal.sigpending()
        for number in waiting:
            signal.sigwait({number})
        diag.send(bytes([0, *waiting]))  # an empty one would be the end
