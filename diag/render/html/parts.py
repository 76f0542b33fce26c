"""What each thread has to do with the trouble, by the graph of the report."""

from collections.abc import Iterable

from diag.model.graph import Part
from diag.model.ids import ThreadId
from diag.model.process import Process
from diag.model.report import Report
from diag.model.thread import Thread

WORDS = {
    Part.CAUSE: "cause",
    Part.VICTIM: "waits for the cause",
    Part.LIVE: "can go on",
    Part.ABSENT: "is missing",
}


class Parts:
    """The parts of a report's threads."""

    def __init__(self, report: Report) -> None:
        nodes = report.graph.nodes if report.graph else ()
        self._part_of = {thread: node.part for node in nodes for thread in node.threads}

    def of(self, thread_id: ThreadId) -> Part | None:
        """Return the part of a thread, None if it is not in the graph."""
        return self._part_of.get(thread_id)

    def among(self, members: Iterable[tuple[Process, Thread]]) -> str:
        """Return "cause" if one of them is it, else "victim" or "": for the filters."""
        found = {self.of(ThreadId(process.pid, thread.tid)) for process, thread in members}
        return next((part.value for part in (Part.CAUSE, Part.VICTIM) if part in found), "")
