"""What holds inside of pytest when a verdict comes: handlers of signals, debuggers, markers."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

_KNOWN = ("diag.pytest_monitor.session", "pytest_timeout")  # where these handlers are
_DEBUGGERS = ("pdb", "bdb", "pydevd", "_pydevd")


def seconds(value: str | float, what: str) -> float:
    """Return a number of seconds that somebody has given.

    Raises:
        UsageError: it is none, or not above 0.

    """
    try:
        given_s = float(value)
    except (TypeError, ValueError):
        given_s = 0.0
    if not 0 < given_s < float("inf"):
        raise pytest.UsageError(f"{what}: {value} is not a number of seconds above 0")
    return given_s


def marked_s(item: pytest.Item) -> float | None:
    """Return the time that the marker of a test gives it, None if it has none.

    Raises:
        UsageError: it is no time.

    """
    marker = item.get_closest_marker("diag")
    if marker is None or "stall" not in marker.kwargs:
        return None
    return seconds(marker.kwargs["stall"], f"{item.nodeid}: marker diag: stall")


def handlers() -> dict[int, Any]:
    """Return the Python handlers that could free a test, by signal.

    Not diag's own, nor that of pytest-timeout, which ends the test as well; a C library may have
    one that Python does not know, as readline for SIGWINCH.
    """
    found = {number: signal.getsignal(number) for number in signal.valid_signals()}
    return {
        number: handler
        for number, handler in found.items()
        if callable(handler) and getattr(handler, "__module__", None) not in _KNOWN
    }


def harmless(left: Mapping[int, Any] = MappingProxyType({})) -> int:
    """Return the mask of signals without such a handler.

    One of those that earlier tests have left behind is none.
    """
    known = handlers()
    numbers = (n for n in signal.valid_signals() if n not in known or known[n] is left.get(n))
    return sum(1 << number - 1 for number in numbers)


def is_debugged() -> bool:
    """Whether a debugger is at work in this thread."""
    tracer = sys.gettrace()
    module = getattr(tracer, "__module__", None) or type(tracer).__module__
    if tracer is not None and module.partition(".")[0].startswith(_DEBUGGERS):
        return True
    monitoring = getattr(sys, "monitoring", None)  # 3.12 and later
    return monitoring is not None and monitoring.get_tool(monitoring.DEBUGGER_ID) is not None


def now_ticks() -> int:
    """Return the time as the kernel gives the start of a process: proc(5), starttime."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))
