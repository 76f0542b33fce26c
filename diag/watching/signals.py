"""Signals to diag as events: blocked in every thread, taken by one that waits for them.

So no call of diag is cut short, and it is known who sent a signal: one that the
terminal sent went to the whole foreground group, the target included, and must
not reach it twice. So did one that the witness (witness.py) got as well.

By signalfd(2): sigtimedwait() of CPython 3.11 gives what happens to be in memory when diag is
continued (`fg`) after its time-out has passed (signal_sigtimedwait_impl in signalmodule.c).
"""

import ctypes
import os
import select
import signal
import struct
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from diag.watching.witness import Witness

# include/uapi/asm-generic/siginfo.h: sent by the kernel, as the terminal's are
SI_KERNEL = 0x80

ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
PASSED_ON = ENDING | {signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH}
_SIGSET_BYTES = 128  # sigset_t of glibc and musl: bit n - 1 for signal n
_GROUP_S = 0.005  # until all of a group have got what was sent to it
_INFO = struct.Struct("<Iii116x")  # signalfd_siginfo: ssi_signo, ssi_errno, ssi_code


class Arrived(NamedTuple):
    """A signal that came.

    Attributes:
        number: which.
        to_group: it was sent to the whole process group of diag.

    """

    number: signal.Signals
    to_group: bool


class Signals:
    """Takes the given signals away from the process while it is open.

    Attributes:
        original_mask: the signals that were blocked before: what a child should have.

    Args:
        numbers: which signals.
        act: called at once, in a thread of its own, for each one that arrives.
        witness: tells what was sent to the group; None to go by the sender alone.

    """

    def __init__(
        self,
        numbers: frozenset[signal.Signals],
        act: Callable[[Arrived], None],
        *,
        witness: Witness | None = None,
    ) -> None:
        self.original_mask = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        # What was ignored stays so (nohup): a blocked signal would wait all the same.
        self._numbers = {n for n in numbers if signal.getsignal(n) is not signal.SIG_IGN}
        self._act, self._witness = act, witness
        self._incoming = _signalfd(self._numbers)
        self._closing, self._close = os.pipe2(os.O_CLOEXEC)
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._take, name="signals", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Return a descriptor that is readable when a signal has come."""
        return self._reader

    def arrived(self) -> tuple[signal.Signals, ...]:
        """Return what has come since the last call."""
        try:
            return tuple(map(signal.Signals, os.read(self._reader, 4096)))
        except BlockingIOError:
            return ()

    def close(self) -> None:
        """Give the signals back."""
        os.close(self._close)
        self._thread.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, self.original_mask)
        for fd in (self._incoming, self._closing, self._reader, self._writer):
            os.close(fd)

    def _take(self) -> None:
        poll = select.poll()
        poll.register(self._incoming, select.POLLIN)
        poll.register(self._closing, 0)  # POLLHUP: `close` was called
        while all(fd == self._incoming for fd, _ in poll.poll()):
            if self._witness is not None:
                time.sleep(_GROUP_S)
            came = _read(self._incoming)
            heard = self._witness.sent_to_group() if self._witness is not None else None
            for number, code in came.items():
                to_group = code == SI_KERNEL if heard is None else number in heard
                self._act(Arrived(number, to_group=to_group))
                os.write(self._writer, bytes([number]))


def _read(incoming: int) -> dict[signal.Signals, int]:
    """Return the signals that have come, each once, and who sent them (si_code)."""
    pieces = os.read(incoming, _INFO.size * signal.NSIG)
    return {signal.Signals(number): code for number, _, code in _INFO.iter_unpack(pieces)}


def _signalfd(numbers: set[signal.Signals]) -> int:
    mask = sum(1 << number - 1 for number in numbers).to_bytes(_SIGSET_BYTES, "little")
    flags = os.O_CLOEXEC  # SFD_CLOEXEC
    fd: int = ctypes.CDLL(None, use_errno=True).signalfd(-1, mask, flags)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "signalfd")
    return fd
