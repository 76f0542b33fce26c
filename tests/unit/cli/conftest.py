"""The pipeline as the commands see it, without processes."""

from collections.abc import Callable

import pytest

from diag import pipeline, policy
from diag.errors import DiagError
from diag.model.codec import Line
from diag.model.recording import FORMAT, End, Header, Recording
from diag.model.report import Report
from diag.model.snapshot import Snapshot
from tests.unit.render.examples import HOST, fork_logging


def recording() -> Recording:
    views = fork_logging().processes
    snapshot = Snapshot(
        root=views[0].process.id,
        taken_at_unix_s=1.7e9,
        started_s=1.0,
        ended_s=1.1,
        processes=tuple(view.process for view in views),
    )
    header = Header(format=FORMAT, diag_version="0.1.0", host=HOST, started_at_unix_s=1.7e9)
    return Recording(header=header, snapshots=(snapshot, snapshot), end=End(because="done"))


class FakePipeline:
    """What the commands asked for, and what they get."""

    def __init__(self) -> None:
        self.report: Report = policy.apply(fork_logging(), policy.Policy())
        self.error: BaseException | None = None
        self.asked: list[tuple[str, object]] = []
        self.lines: tuple[Line, ...] = (recording().header, End(because="done"))

    def look(
        self,
        pid: int,
        *,
        for_s: float | None,
        stacks: bool,
        show_locals: bool,
        progress: Callable[[str], None],
        record: Callable[[Line], None],
    ) -> Recording:
        self.asked.append(("look", (pid, for_s, stacks, show_locals)))
        progress("reading \x1b[2J the tree")
        for line in self.lines:
            record(line)
        return self._answer()

    def snapshot(
        self, pid: int, *, stacks: bool, show_locals: bool, progress: Callable[[str], None]
    ) -> Recording:
        self.asked.append(("snapshot", (pid, stacks, show_locals)))
        return self._answer()

    def judge(self, recording: Recording) -> Report:
        self.asked.append(("judge", len(recording.snapshots)))
        return self.report

    def describe(self, recording: Recording) -> Report:
        self.asked.append(("describe", len(recording.snapshots)))
        return self.report

    def _answer(self) -> Recording:
        if self.error is not None:
            raise self.error
        return recording()

    def fail(self, error: BaseException | type[DiagError]) -> None:
        self.error = error if isinstance(error, BaseException) else error("it went wrong")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    fake = FakePipeline()
    for name in ("look", "snapshot", "judge", "describe"):
        monkeypatch.setattr(pipeline, name, getattr(fake, name))
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("DIAG_DEBUG", raising=False)
    return fake
