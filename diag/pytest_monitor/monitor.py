"""Watches a run of pytest: lets what hangs fail, or ends it where that is not possible."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from diag.cli.exits import say
from diag.errors import TargetForbiddenError, TargetGoneError
from diag.model.codec import Line
from diag.model.finding import Confidence, Finding
from diag.model.ids import ProcessId, ThreadId
from diag.model.process import Process
from diag.model.recording import Recording
from diag.model.report import Report
from diag.model.snapshot import Snapshot
from diag.project import read_project
from diag.pytest_monitor.board import (
    BETWEEN,
    COLLECTION,
    ENDS_FIXTURES,
    EXIT,
    OF_A_TEST,
    Board,
    State,
)
from diag.pytest_monitor.delivery import Answer, Delivery, is_there
from diag.pytest_monitor.evidence import Evidence
from diag.pytest_monitor.judging import Judge
from diag.pytest_monitor.leftovers import left_words, own_first
from diag.pytest_monitor.remains import ENDS_WITHIN_S, Remains, end_stuck
from diag.pytest_monitor.suspects import (
    Judged,
    about,
    beneath,
    hung,
    is_alone,
    stuck_beneath,
)
from diag.watching.hooks import Hooks
from diag.watching.look import LOOK_S, look
from diag.watching.loop import Watcher, ask_pyspy
from diag.watching.plan import Settings
from diag.watching.signals import ENDING
from diag.watching.story import Story
from diag.watching.target import attach, end

MAX_SHARE = 0.5  # of one CPU; a suite without hangs takes far less, one of many hangs this much


def watch(pid: int, folder: Path, keep_in: Path, *, show_locals: bool) -> None:
    """Watch the pytest `pid` to its end.

    Args:
        pid: of the pytest that was started.
        folder: where the boards are; removed at the end.
        keep_in: where reports on hangs are kept.
        show_locals: whether to keep the values of variables, masked.

    Raises:
        TargetForbiddenError: it may not be read.

    """
    with _removed_at_end(folder), suppress(TargetGoneError):  # then there is nothing to tell
        target = attach(pid, ENDING)
        try:
            monitor = Monitor(pid, folder, keep_in, show_locals=show_locals)
            hooks = Hooks(judge=monitor.judge, record=monitor.looked, show=monitor.passed)
            settings = Settings(max_share=MAX_SHARE, stall_s=float("inf"))
            stacks = partial(ask_pyspy, show_locals=show_locals)
            Watcher(target, settings, hooks, stacks=stacks).run()
            monitor.ended()
        finally:
            target.close()


@contextmanager
def _removed_at_end(folder: Path) -> Iterator[None]:
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Monitor:
    """Decides and acts; fed by a `Watcher`."""

    def __init__(self, pid: int, folder: Path, keep_in: Path, *, show_locals: bool) -> None:
        self._pid, self._folder = pid, folder
        self._show_locals = show_locals
        self._evidence = Evidence(keep_in)
        self._judge = Judge(read_project(Path.cwd()))
        self._boards: dict[int, Board] = {}
        self._at_look: dict[int, State] = {}
        self._since: dict[int, tuple[int, float]] = {}  # pid: number of the state, begun
        self._stalls_seen: set[tuple[int, int]] = set()
        self._refused: set[tuple[int, int]] = set()
        self._ended: set[int] = set()
        self._remains = Remains()
        self._delivery = Delivery()

    def looked(self, line: Line) -> None:
        """Take what is recorded.

        Who stands still from the first to the second look does meanwhile what its board
        says after the first.
        """
        if isinstance(line, Snapshot) and line.confirms_s is None:
            self._at_look = self._states()

    def judge(self, recording: Recording) -> Report:
        """Judge two looks, and let what is proven to hang fail."""
        found = self._judge.hangs(recording, self._at_look, self._left())
        for pid, causes in hung(found, self._at_look).items():
            if (pid, self._at_look[pid].number) not in self._refused:
                self._fail(self._at_look[pid], found, causes)
        return found.report

    def passed(self, _story: Story) -> None:
        """Look into what takes too long."""
        now_s = time.monotonic()
        states = self._states()
        self._remains.end(states)
        for pid, state in states.items():
            self._delivery.hurry(self._boards[pid], state)
            number, since_s = self._since.get(pid, (-1, now_s))
            if number != state.number:
                number, since_s = state.number, now_s
            self._since[pid] = number, since_s
            late = state.stall_s is not None and now_s - since_s >= state.stall_s
            if late and (pid, number) not in self._stalls_seen:
                self._stalls_seen.add((pid, number))
                self._stalled(state)

    def ended(self) -> None:
        """Say what pytest did when it was killed."""
        states = {pid: state for pid in self._read_boards() if (state := self._state(pid))}
        for pid, state in states.items():
            # Between tests children of pytest-forked end, and workers of pytest-xdist may.
            in_order = state.phase == EXIT or (state.phase == BETWEEN and pid != self._pid)
            if not in_order and pid not in self._ended and not is_there(pid):
                file = self._evidence.keep_text(
                    f"died-{pid}", f"pytest {pid} ended without its own doing in {_where(state)}\n"
                )
                say(f"pytest {pid} ended in {_where(state)}: {file}")

    def _stalled(self, state: State) -> None:
        if state.aside:
            return
        try:
            recording = look(self._pid, for_s=LOOK_S, show_locals=self._show_locals)
        except (TargetGoneError, TargetForbiddenError):
            return  # it has ended
        if self._state(state.pid) != state:
            return  # it went on meanwhile
        found = self._judge.stall(recording, self._states(), self._left())
        words = f"{_where(state)} takes longer than {state.stall_s:g} s"
        if state.stall_fails:
            self._fail(state, found, found.report.findings, words)
        else:
            say(f"{words}: {self._evidence.keep(state.pid, found.report, words)}")

    def _fail(
        self, state: State, found: Judged, findings: tuple[Finding, ...], words: str = ""
    ) -> None:
        """Interrupt a process that hangs; end it if it cannot be interrupted."""
        report, pid = found.report, state.pid
        process = next((v.process for v in report.processes if v.process.pid == pid), None)
        now = self._state(pid)
        if process is None or now is None or now.number != state.number or now.aside:
            return
        is_proof = not words
        if not words:
            sure = any(each.confidence is Confidence.PROVEN for each in findings)
            words = f"{_where(state)} hangs{'' if sure else _ONLY_THE_HANG}"
        left = self._left()
        if findings:
            report = about(report, own_first(findings, left, state.name))
        told = f"{words}\n{left_words(findings, left, state.name)}"
        file = self._evidence.keep(pid, report, told)
        text = f"{report.headline}\n\n{told}\n{self._evidence.draw(report)}\nkept in {file}"
        answer = self._delivery.tell(
            self._boards[pid],
            state,
            process.id,
            text,
            is_proof=is_proof,
            is_alone=is_alone(found, pid),
        )
        match answer:
            case Answer.REFUSED:
                self._refused.add((pid, state.number))
                self._evidence.drop()
            case Answer.TAKEN:
                self._leave(state, stuck_beneath(found, pid, self._states() | {pid: state}))
            case Answer.NONE if process.traced_by == 0:
                self._end(state, report, process.id, f"{words} and cannot be interrupted", file)

    def _leave(self, state: State, stuck: tuple[Process, ...]) -> None:
        if state.phase in ENDS_FIXTURES:
            end_stuck(stuck)
        else:
            self._remains.keep(state, stuck)

    def _end(
        self, state: State, report: Report, process_id: ProcessId, words: str, file: str
    ) -> None:
        self._ended.add(state.pid)
        if state.pid == self._pid:
            say(f"{words}: pytest is ended")
            os.write(2, f"\n{self._evidence.draw(report)}\n".encode())
        else:
            say(f"{words}: process {state.pid} is ended")
        say(f"kept in {file}")
        if state.pid == self._pid:
            others = tuple(view.process for view in report.processes[1:])
        else:
            others = beneath(report, state.pid, self._states())
        end((process_id, *(process.id for process in others)), grace_s=ENDS_WITHIN_S)

    def _states(self) -> dict[int, State]:
        """Return what each process of pytest does that is there."""
        found = {pid: self._state(pid) for pid in self._read_boards() if is_there(pid)}
        return {pid: state for pid, state in found.items() if state is not None}

    def _left(self) -> dict[ThreadId, str]:
        return {
            ThreadId(pid, tid): test
            for pid, board in self._boards.items()
            for tid, test in board.left().items()
        }

    def _state(self, pid: int) -> State | None:
        return self._boards[pid].state()

    def _read_boards(self) -> tuple[int, ...]:
        for path in self._folder.glob("*.board"):
            pid = int(path.stem)
            if pid not in self._boards:
                with suppress(OSError, ValueError):  # not yet of its full size
                    self._boards[pid] = Board(path)
        return tuple(self._boards)


_ONLY_THE_HANG = ": it is proven that it can never go on, and likely that this is why"


def _where(state: State) -> str:
    if state.phase in OF_A_TEST:
        return f"{state.name} ({state.phase})"
    if state.phase == COLLECTION and state.name:
        return f"the collection of {state.name}"
    who = "a worker of pytest-xdist" if state.is_worker else "pytest"
    return f"{who} ({state.phase})"
