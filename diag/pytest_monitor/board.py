"""A page of shared memory per pytest process: it says what it does, the monitor answers.

A mapped file: writing to it costs no system call, works in a process that has closed
its descriptors or has none left, and what was written stays there after `kill -9`.
"""

import json
import mmap
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

_STATE_BYTES = 8192
_LEFT_AT = _STATE_BYTES + (256 << 10)
_BYTES = _LEFT_AT + (64 << 10)
_MOST_LEFT = 100
_MOST_NAME = 1024

# By which the monitor wakes a main thread; not used by glibc (32 to 34), nor by what is
# known of Python programs.
OWN_SIGNAL = signal.SIGRTMIN + 13

STARTING = "start"
COLLECTION = "collection"
SETUP, CALL, TEARDOWN = "setup", "call", "teardown"
BETWEEN = "between tests"
FINISH = "session finish"
EXIT = "interpreter exit"
OF_A_TEST = frozenset({SETUP, CALL, TEARDOWN})
# What the project's own code does; else pytest may wait for something on purpose.
RUNS_CODE = OF_A_TEST | {COLLECTION, FINISH}
# Where a main thread that waits for an event does not do so until Ctrl-C.
UNATTENDED = RUNS_CODE | {STARTING}
# When fixtures end, and with them what they have started.
ENDS_FIXTURES = frozenset({TEARDOWN, FINISH, EXIT})


class State(NamedTuple):
    """What a process of pytest does.

    Attributes:
        pid: of that process, as it sees itself.
        number: counts the changes of what it does.
        phase: one of the constants of this module.
        name: the test or the collected file; empty where there is none.
        stall_s: after what time in this phase to look, None for never.
        stall_fails: whether what has stalled fails, or is reported only.
        aside: whether a debugger is at work: nothing is to be done.
        is_worker: whether it is a worker of pytest-xdist.
        harmless: bit mask of the signals for which no test has set a handler; it
            makes sure of that once more before it takes a verdict.
        since_ticks: what was started before, in clock ticks since boot, belongs to earlier
            tests or to fixtures that outlive this one.
        taken: number of the last verdict that it has taken.
        refused: whether it did not act on that one: the program has a handler that may
            end the wait, or a debugger is at work.

    """

    pid: int
    number: int = 0
    phase: str = STARTING
    name: str = ""
    stall_s: float | None = None
    stall_fails: bool = False
    aside: bool = False
    is_worker: bool = False
    harmless: int = 0
    since_ticks: int = 0
    taken: int = 0
    refused: bool = False


class Verdict(NamedTuple):
    """What the monitor tells a process that hangs.

    Attributes:
        number: counts the verdicts of this monitor.
        about: number of the state that it is about.
        is_proof: whether that rests on handlers of signals being harmless.
        is_alone: whether no child of the process is left that could send it a signal.
        text: why it hangs.

    """

    number: int
    about: int
    is_proof: bool
    is_alone: bool
    text: str


class Board:
    """One such page, for either side."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        fd = os.open(path, flags, 0o600)
        try:
            if create:
                os.truncate(fd, _BYTES)
            self._page = mmap.mmap(fd, _BYTES)
        finally:
            os.close(fd)

    @classmethod
    def of_this_process(cls, folder: Path) -> Self:
        """Make the page of the calling process."""
        return cls(folder / f"{os.getpid()}.board", create=True)

    def tell(self, state: State) -> None:
        """Say what this process does."""
        name = state.name[:_MOST_NAME]
        self._put(0, [*state._replace(name=name)])

    def state(self) -> State | None:
        """Return what the process does, None while that is being written."""
        found = self._get(0, _STATE_BYTES)
        return None if found is None or found != self._get(0, _STATE_BYTES) else State(*found)

    def answer(self, verdict: Verdict) -> None:
        """Leave a verdict for the process."""
        most = (_LEFT_AT - _STATE_BYTES) // 6 - 64  # a character takes six bytes at most: \\uXXXX
        self._put(_STATE_BYTES, [*verdict._replace(text=verdict.text[:most])])

    def verdict(self) -> Verdict | None:
        """Return the last verdict, None if there was none."""
        found = self._get(_STATE_BYTES, _LEFT_AT)
        return None if found is None else Verdict(*found)

    def leave(self, threads: dict[int, str]) -> None:
        """Say which tests have left threads behind, by tid; the last ones where they are many."""
        named = [[tid, test[: _MOST_NAME // 12]] for tid, test in threads.items()]
        self._put(_LEFT_AT, named[-_MOST_LEFT:])

    def left(self) -> dict[int, str]:
        """Return the same."""
        return dict(self._get(_LEFT_AT, _BYTES) or ())

    def _put(self, at: int, value: list[Any]) -> None:
        line = json.dumps(value).encode() + b"\n"
        self._page[at : at + len(line)] = line

    def _get(self, at: int, limit: int) -> list[Any] | None:
        end = self._page.find(b"\n", at, limit)
        if end < 0:
            return None
        try:
            value: list[Any] = json.loads(self._page[at:end])
        except ValueError:
            return None  # half of it was written
        return value


def verdicts_on(folder: Path, name: str) -> Iterator[str]:
    """Yield why processes hung that did not get beyond a test."""
    for path in folder.glob("*.board"):
        board = Board(path)
        state, verdict = board.state(), board.verdict()
        if state is None or verdict is None or state.name != name:
            continue
        if state.number == verdict.about:
            yield verdict.text


def has_hung_at_exit(folder: Path) -> bool:
    """Whether a process of pytest, done with its tests, was told that it hangs."""
    for path in folder.glob("*.board"):
        board = Board(path)
        state, verdict = board.state(), board.verdict()
        if state is None or verdict is None or state.phase != EXIT:
            continue
        if state.number == verdict.about and not state.refused:
            return True
    return False
