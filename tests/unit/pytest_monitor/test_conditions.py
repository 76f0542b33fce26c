"""What the session knows of handlers and debuggers in its own process."""

import bdb
import signal
import sys

from diag.pytest_monitor.conditions import harmless, is_debugged


def test_a_handler_of_the_program_is_not_harmless() -> None:
    bit = 1 << signal.SIGUSR2 - 1
    assert harmless() & bit
    before = signal.signal(signal.SIGUSR2, lambda *_: None)
    try:
        assert not harmless() & bit
        assert harmless({signal.SIGUSR2: signal.getsignal(signal.SIGUSR2)}) & bit
        assert not harmless({signal.SIGUSR2: lambda *_: None}) & bit
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_a_debugger_is_told_from_a_tracer() -> None:
    before, debugger = sys.gettrace(), bdb.Bdb()
    debugger.reset()
    try:
        sys.settrace(lambda *_: None)
        assert not is_debugged()
        sys.settrace(debugger.trace_dispatch)
        assert is_debugged()
    finally:
        sys.settrace(before)
