"""From two looks at pytest to who hangs, and why: by what this test has, not what others left."""

from msgspec.structs import replace

from diag.model.recording import Recording
from diag.project import Project
from diag.pytest_monitor.leftovers import Left, Leftovers, without
from diag.pytest_monitor.suspects import Boards, Judged, hung, judged, without_own_parts


class Judge:
    """Judges looks; remembers who was stuck in earlier ones."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._leftovers = Leftovers()

    def hangs(self, recording: Recording, boards: Boards, left: Left) -> Judged:
        """Judge two looks, with causes that are not what earlier tests have left behind.

        That something hangs is proven by the whole; why is told by what is left of it.
        """
        found = self._judged(recording, boards)
        again = self._without_left(found, recording, boards, left) if hung(found, boards) else None
        self._leftovers.note(found.report, boards)
        if again is None or hung(again, boards).keys() != hung(found, boards).keys():
            return found
        report = replace(
            found.report,
            findings=again.report.findings,
            headline=again.report.headline,
            graph=again.report.graph,
        )
        return Judged(report, found.never)

    def stall(self, recording: Recording, boards: Boards, left: Left) -> Judged:
        """Judge two looks at what takes too long, without what earlier tests have left behind."""
        found = self._judged(recording, boards)
        return self._without_left(found, recording, boards, left) or found

    def _without_left(
        self, found: Judged, recording: Recording, boards: Boards, left: Left
    ) -> Judged | None:
        threads = self._leftovers.among(found.report, boards, left)
        looks = without(recording, threads) if threads else None
        return None if looks is None else self._judged(looks, boards)

    def _judged(self, recording: Recording, boards: Boards) -> Judged:
        looks = without_own_parts(recording, boards)
        return judged(self._project.judge(looks), looks)
