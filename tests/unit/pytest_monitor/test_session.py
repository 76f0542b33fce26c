"""What the session knows of handlers and debuggers in its own process."""

import bdb
import signal
import sys

from diag.pytest_monitor.session import _harmless, _is_debugged


def test_a_handler_of_the_program_is_not_harmless() -> None:
    bit = 1 << signal.SIGUSR2 - 1
    assert _harmless() & bit
    before = signal.signal(signal.SIGUSR2, lambda *_: None)
    try:
        assert not _harmless() & bit
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_a_debugger_is_told_from_a_tracer() -> None:
    before, debugger = sys.gettrace(), bdb.Bdb()
    debugger.reset()
    try:
        sys.settrace(lambda *_: None)
        assert not _is_debugged()
        sys.settrace(debugger.trace_dispatch)
        assert _is_debugged()
    finally:
        sys.settrace(before)
