"""Signals to diag as events: blocked in every thread, taken by one that waits for them.

So no call of diag is cut short, and it is known who sent a signal: one that the
terminal sent went to the whole foreground group, the target included, and must
not reach it twice.
"""

import os
import signal
import threading
from collections.abc import Callable
from typing import NamedTuple

# include/uapi/asm-generic/siginfo.h: sent by the kernel, as the terminal's are
SI_KERNEL = 0x80

ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
PASSED_ON = ENDING | {signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH}
_POLL_S = 0.2  # how soon the waiting thread notices that it is no longer wanted


class Arrived(NamedTuple):
    """A signal that came.

    Attributes:
        number: which.
        from_terminal: the kernel sent it to the whole foreground process group.

    """

    number: signal.Signals
    from_terminal: bool


class Signals:
    """Takes the given signals away from the process while it is open.

    Attributes:
        original_mask: the signals that were blocked before: what a child should have.

    Args:
        numbers: which signals.
        act: called at once, in a thread of its own, for each one that arrives.

    """

    def __init__(self, numbers: frozenset[signal.Signals], act: Callable[[Arrived], None]) -> None:
        self.original_mask = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        # What was ignored stays so (nohup): a blocked signal would wait all the same.
        self._numbers = {n for n in numbers if signal.getsignal(n) is not signal.SIG_IGN}
        self._act = act
        self._wanted = True
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
        self._wanted = False
        self._thread.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, self.original_mask)
        os.close(self._reader)
        os.close(self._writer)

    def _take(self) -> None:
        while self._wanted:
            info = signal.sigtimedwait(self._numbers, _POLL_S)
            if info is None:
                continue
            number = signal.Signals(info.si_signo)
            self._act(Arrived(number, from_terminal=info.si_code == SI_KERNEL))
            os.write(self._writer, bytes([number]))
