"""Inside of pytest: says what runs, and lets a test that hangs fail when the monitor says so."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import pytest

from diag.pytest_monitor.board import (
    BETWEEN,
    CALL,
    COLLECTION,
    EXIT,
    FINISH,
    OF_A_TEST,
    OWN_SIGNAL,
    SETUP,
    STARTING,
    TEARDOWN,
    Board,
    State,
    has_hung_at_exit,
    verdicts_on,
)
from diag.pytest_monitor.conditions import handlers, harmless, is_debugged, marked_s, now_ticks
from diag.pytest_monitor.failure import DiagHang

_CRASHED = "???"  # the phase that both plugins give a test whose process has ended


class Session:
    """The plugin of one process of pytest.

    Args:
        config: of pytest.
        folder: where the boards are.
        stall_s: after what time in one phase to look, None for never.
        stall_fails: whether what has stalled fails.
        is_worker: whether this is a worker of pytest-xdist.

    """

    def __init__(
        self,
        config: pytest.Config,
        folder: Path,
        *,
        stall_s: float,
        stall_fails: bool,
        is_worker: bool,
    ) -> None:
        self._config, self._folder = config, folder
        self._stall_s, self._stall_fails = stall_s, stall_fails
        self._marked_s: float | None = None
        self._exit_status = 0
        # Numbers are not used twice, also when a program runs pytest several times.
        self._state = State(pid=os.getpid(), number=time.monotonic_ns(), is_worker=is_worker)
        self._left: dict[int, str] = {}
        self._handlers_left: dict[int, Any] = {}
        self._board: Board | None = Board.of_this_process(folder)
        signal.signal(OWN_SIGNAL, self._on_signal)
        self._tell(STARTING)
        self.loaded()
        atexit.register(self._at_exit)

    def loaded(self) -> None:
        """Take notice of what the other plugins have set up: they are there by now."""
        self._put(harmless=harmless())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, Any, Any]:
        """Tell of the collection."""
        self._tell(COLLECTION)
        try:
            return (yield)
        finally:
            self._tell(BETWEEN)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Tell of a file or class that is collected."""
        self._tell(COLLECTION, collector.nodeid)
        try:
            return (yield)
        finally:
            self._tell(COLLECTION)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse markers that cannot be meant, before any test runs."""
        for item in items:
            marked_s(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Tell of a test that starts, and of its end."""
        self._marked_s = marked_s(item)
        self._state = self._state._replace(since_ticks=now_ticks())
        self._tell(BETWEEN, item.nodeid)
        try:
            return (yield)
        finally:
            self._tell(BETWEEN)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Tell of the fixtures of a test."""
        self._tell(SETUP, item.nodeid)
        try:
            return (yield)
        finally:
            self._tell(BETWEEN, item.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Take what a fixture of a wider scope has started as not the test's own."""
        result = yield
        if fixturedef.scope != "function":
            self._put(since_ticks=now_ticks())
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Tell of a test, and see which handlers of signals it leaves behind."""
        before = handlers()
        self._tell(CALL, item.nodeid)
        try:
            return (yield)
        finally:
            self._tell(BETWEEN, item.nodeid)
            after = handlers()
            self._handlers_left |= {n: h for n, h in after.items() if before.get(n) is not h}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Tell of the end of the fixtures of a test."""
        self._tell(TEARDOWN, item.nodeid)
        try:
            return (yield)
        finally:
            self._tell(BETWEEN, item.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(
        self, session: pytest.Session, exitstatus: int
    ) -> Generator[None, Any, Any]:
        """Tell of the end of the session; a worker that hung at its end makes the run fail."""
        self._exit_status = int(exitstatus)
        self._tell(FINISH)
        result = yield
        if exitstatus == pytest.ExitCode.OK and has_hung_at_exit(self._folder):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Tell that pytest is done; its process may still hang."""
        self._tell(EXIT)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add the diagnosis where a process was ended: pytest-xdist and pytest-forked go on."""
        if report.when == _CRASHED:
            for text in verdicts_on(self._folder, report.nodeid):
                if isinstance(report.longrepr, str):
                    report.longrepr += f"\n\n{text}"
                else:
                    report.sections.append(("diag", text))

    def left_behind(self, test: str, tids: Iterable[int]) -> None:
        """Tell of threads that a test has left behind: a later one may hang because of them."""
        alive = {thread.native_id for thread in threading.enumerate()}
        self._left = {tid: name for tid, name in self._left.items() if tid in alive}
        self._left |= dict.fromkeys(tids, test)
        if self._board is not None:
            self._board.leave(self._left)

    def pytest_enter_pdb(self) -> None:
        """Stand aside: somebody debugs."""
        self._put(aside=True)

    def pytest_leave_pdb(self) -> None:
        """Come back; what takes long is measured anew."""
        self._tell(self._state.phase, self._state.name)

    def _at_exit(self) -> None:
        """Tell of an end without `pytest_unconfigure`: the options were wrong."""
        if self._state.pid == os.getpid() and self._state.phase != EXIT:
            self._tell(EXIT)

    def _tell(self, phase: str, name: str = "") -> None:
        state = self._state
        if state.pid != os.getpid():  # forked, and runs tests: pytest-forked
            try:
                self._board = Board.of_this_process(self._folder)
            except OSError:  # no descriptor is left, or the monitor has gone with the folder
                self._board = None
            state = state._replace(pid=os.getpid(), taken=0, is_worker=False)
        marked_s = self._marked_s if phase in OF_A_TEST else None
        # A worker of pytest-xdist stays until the others are done.
        watched = phase not in (BETWEEN, STARTING) and not (phase == EXIT and state.is_worker)
        self._state = state._replace(
            number=state.number + 1,
            phase=phase,
            name=name,
            stall_s=(marked_s or self._stall_s) if watched else None,
            stall_fails=self._stall_fails or marked_s is not None,
            aside=False,
        )
        self._put()

    def _put(self, **changes: Any) -> None:
        self._state = self._state._replace(**changes)
        if self._board is not None:
            self._board.tell(self._state)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Fail what hangs. Runs in the main thread, wherever it is."""
        __tracebackhide__ = True
        if self._state.pid != os.getpid() or self._board is None:
            return  # in a child that a test has forked: it is not meant
        verdict = self._board.verdict()
        if verdict is None or verdict.number == self._state.taken:
            return
        late = verdict.about != self._state.number
        aside = self._state.aside or is_debugged()
        left = self._handlers_left if verdict.is_alone else {}
        doubtful = verdict.is_proof and self._state.harmless & ~harmless(left) != 0
        refused = late or aside or doubtful
        self._put(taken=verdict.number, aside=aside, refused=refused)
        if not refused:
            self._fail(verdict.text)

    def _fail(self, text: str) -> NoReturn:
        __tracebackhide__ = True  # --pdb then begins where the test was interrupted
        phase = self._state.phase
        if phase in OF_A_TEST or (phase == COLLECTION and self._state.name):
            raise DiagHang(text)
        if phase == EXIT:
            os.write(2, f"{text}\n".encode())
            os._exit(self._exit_status or pytest.ExitCode.TESTS_FAILED)
        raise pytest.exit.Exception(text, returncode=pytest.ExitCode.TESTS_FAILED)
