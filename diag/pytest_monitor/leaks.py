"""What a test leaves behind: threads, child processes and descriptors, counted before and after."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from diag.pytest_monitor.session import Session

_GRACE_S = 0.1  # a thread or process that ends may still be there for a moment
_POLL_S = 0.005
_MOST_NAMED = 5
# Started once by multiprocessing on first use, and kept on purpose.
_MACHINERY = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


class DiagLeakWarning(pytest.PytestWarning):
    """A test left a thread, a process or a descriptor behind."""


class Held(NamedTuple):
    """What this process holds: names by tid of the thread, by child pid, by descriptor."""

    threads: dict[int, str]
    children: dict[int, str]
    descriptors: dict[int, str]

    def without(self, known: Held) -> Held:
        """Return what is not in `known`."""
        return Held(
            *({k: v for k, v in a.items() if k not in b} for a, b in zip(self, known, strict=True))
        )

    def named(self) -> Held:
        """Return the same with names of descriptors; those that are closed are left out."""
        open_ = {fd: name for fd in self.descriptors if (name := _name(fd))}
        return self._replace(descriptors=open_)

    def __bool__(self) -> bool:
        return any(map(len, self))

    def describe(self) -> str:
        """Say what it is, in a line."""
        kinds = zip(("thread", "child process", "descriptor"), self, strict=True)
        return ", ".join(f"{kind} {_some(found)}" for kind, found in kinds if found)


class Leaks:
    """Warns of each test that leaves something behind; fixtures that live longer may.

    Nothing of it is a failure: the warnings are reported past the warning filters.
    """

    def __init__(self, config: pytest.Config, session: Session) -> None:
        self._config, self._session = config, session
        self._known = Held({}, {}, {})

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Compare what is held before and after a test."""
        self._known = held()
        result = yield
        left = held().without(self._known)
        if left:
            left = self._lasting(left)
        if left:
            self._warn(item, left)
            self._session.left_behind(item.nodeid, left.threads)
        return result

    def _lasting(self, left: Held) -> Held:
        """Return what is still there after a moment, by name."""
        until_s = time.monotonic() + _GRACE_S
        while left and time.monotonic() < until_s:
            time.sleep(_POLL_S)
            left = held().named().without(self._known)
        return left

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """Take what a fixture of a wider scope holds as known: it outlives the test."""
        if fixturedef.scope == "function":
            return (yield)
        before = held()
        try:
            return (yield)
        finally:
            self._known = Held(
                *({**a, **b} for a, b in zip(self._known, held().without(before), strict=True))
            )

    def _warn(self, item: pytest.Item, left: Held) -> None:
        path, line, _ = item.location
        warning = DiagLeakWarning(f"diag: the test left behind: {left.describe()}")
        message = warnings.WarningMessage(warning, DiagLeakWarning, path, (line or 0) + 1)
        self._config.hook.pytest_warning_recorded.call_historic(
            kwargs={
                "warning_message": message,
                "nodeid": item.nodeid,
                "when": "runtest",
                "location": None,
            }
        )


def held() -> Held:
    """Return what this process holds now."""
    threads = {thread.native_id or 0: thread.name for thread in threading.enumerate()}
    return Held(threads, _children(), _descriptors())


def _children() -> dict[int, str]:
    found = {}
    for task in os.scandir("/proc/self/task"):
        for pid in map(int, _read(f"{task.path}/children").split()):
            command = _read(f"/proc/{pid}/cmdline")
            if not any(part in command for part in _MACHINERY):
                found[pid] = f"{pid} ({_read(f'/proc/{pid}/comm').strip()})"
    return found


def _read(path: str) -> str:
    """Read a file of /proc; empty if its process has ended or the kernel has no such file."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _descriptors() -> dict[int, str]:
    fds = {int(entry.name) for entry in os.scandir("/proc/self/fd")} - _machinery()
    # The one by which the folder was listed is closed by now. Names take time: see `named`.
    return dict.fromkeys(filter(_is_open, fds), "")


def _is_open(fd: int) -> bool:
    try:
        os.get_inheritable(fd)
    except OSError:
        return False
    return True


def _name(fd: int) -> str:
    try:
        target = str(Path(f"/proc/self/fd/{fd}").readlink())
    except FileNotFoundError:
        return ""
    return f"{fd} ({target.rpartition('/')[2].partition(':')[0]})"


def _machinery() -> set[int]:
    """Return the descriptors by which multiprocessing talks to its own helpers."""
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    server = sys.modules.get("multiprocessing.forkserver")
    fds = {getattr(getattr(tracker, "_resource_tracker", None), "_fd", None)}
    fds.add(getattr(getattr(server, "_forkserver", None), "_forkserver_alive_fd", None))
    return {fd for fd in fds if fd is not None}


def _some(names: dict[int, str]) -> str:
    shown = ", ".join(list(names.values())[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return shown + (f" and {more} more" if more > 0 else "")
