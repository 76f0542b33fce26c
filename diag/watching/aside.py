"""Processes that diag forks to stand aside and do one small thing."""

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_NAME = 15  # include/uapi/linux/prctl.h
_STANDARD = (0, 1, 2)


def fork_aside(name: bytes, work: Callable[[], None], *, keep: tuple[int, ...]) -> int:
    """Run `work` in a process of its own, all signals blocked; return its pid.

    It has no descriptors but those in `keep`: who waits for another to end must not wait
    for us. To be called while diag has one thread.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _be(name, work, keep)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return pid


def _be(name: bytes, work: Callable[[], None], keep: tuple[int, ...]) -> None:
    try:
        _keep_only(keep)
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name, 0, 0, 0)  # for `ps -e`
        work()
    finally:
        os._exit(0)


def _keep_only(kept: tuple[int, ...]) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for number in _STANDARD:
        if number not in kept:
            os.dup2(null, number)
    low = max(_STANDARD) + 1
    for number in sorted(number for number in kept if number >= low):
        os.closerange(low, number)
        low = number + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))
