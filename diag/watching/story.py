"""What is known of a watched tree by now, from every source; a `Scene` is a picture of it."""

import time
from collections.abc import Callable

from diag.collect.followed import Pulse
from diag.collect.routine import Seen, read_rss
from diag.model.finding import Finding
from diag.model.gap import Gap
from diag.model.ids import ProcessId
from diag.model.limits import Limits
from diag.model.report import ProcessView, Report, Verdict
from diag.model.sample import GroupSample, Sample
from diag.model.snapshot import Snapshot
from diag.model.watching import ProcessScene, Scene


class Story:
    """Collects what a watch learns.

    Attributes:
        doing: what diag does now, in words.
        findings: all so far, the newest last.
        helpers_cpu_s: CPU time that helpers (py-spy) have taken.

    """

    def __init__(
        self,
        root: ProcessId,
        interval_s: float,
        now_s: float,
        trouble: Callable[[Finding], tuple[object, ...]],
    ) -> None:
        self._root, self._asked_s, self._started_s = root, interval_s, now_s
        self._seen: Seen | None = None
        self._apart_s = interval_s
        self._interval_s = interval_s
        self._command: tuple[str, ...] = ()
        self._limits: Limits | None = None
        self._gaps: tuple[Gap, ...] = ()
        self._views: dict[int, ProcessView] = {}
        self._group: GroupSample | None = None
        self._looks = 0
        self._verdict = Verdict.UNKNOWN
        self._trouble = trouble
        self._troubles: set[tuple[object, ...]] = set()
        self.doing = "calm"
        self.findings: list[Finding] = []
        self.helpers_cpu_s = 0.0
        self._cpu_before_s = time.process_time()

    @property
    def stretched_to_s(self) -> float | None:
        """Time between routine passes, where it is longer than asked for; else None."""
        return self._interval_s if self._interval_s > self._asked_s else None

    def passed(self, seen: Seen, interval_s: float) -> None:
        """Take a routine pass."""
        if self._seen is not None:
            self._apart_s = seen.at_s - self._seen.at_s
        self._seen, self._interval_s = seen, interval_s
        self.doing = "calm"

    def looked(self, first: Snapshot) -> None:
        """Take a close look."""
        root = first.processes[0]
        self._command, self._limits = root.command, root.limits
        self._gaps = (*first.gaps, *(gap for process in first.processes for gap in process.gaps))
        self.doing = "confirming"

    def sampled(self, sample: Sample) -> None:
        """Take the counters of the tree and its control groups."""
        self._group = sample.group

    def lost(self, gap: Gap) -> None:
        """Take that a close look was not possible."""
        self._gaps = (gap,)

    def judged(self, report: Report) -> tuple[Finding, ...]:
        """Take a judgement; return the findings that are new."""
        self._verdict = report.verdict
        self._views = {view.process.pid: view for view in report.processes}
        self._looks += 1
        new = []
        for finding in report.findings:
            trouble = self._trouble(finding)
            if trouble not in self._troubles:
                self._troubles.add(trouble)
                new.append(finding)
        self.findings += new
        self.doing = "calm"
        return tuple(new)

    def scene(self) -> Scene:
        """Return the picture of now; reads the memory use of each process."""
        now_s = time.monotonic()
        elapsed_s = now_s - self._started_s
        cpu_s = time.process_time() - self._cpu_before_s + self.helpers_cpu_s
        return Scene(
            pid=self._root.pid,
            command=self._command,
            elapsed_s=elapsed_s,
            verdict=self._verdict,
            doing=self.doing,
            processes=tuple(map(self._process, self._seen.processes if self._seen else ())),
            findings=tuple(self.findings),
            interval_s=self._interval_s,
            stretched=self.stretched_to_s is not None,
            own_share=cpu_s / elapsed_s if elapsed_s > 0 else 0.0,
            looks=self._looks,
            limits=self._limits,
            group=self._group,
            gaps=self._gaps,
        )

    def _process(self, pulse: Pulse) -> ProcessScene:
        view = self._views.get(pulse.id.pid)
        if view is not None and view.process.id != pulse.id:
            view = None
        main_waits = view.waits.get(pulse.id.pid, "") if view is not None else ""
        return ProcessScene(
            pid=pulse.id.pid,
            parent_pid=pulse.parent_pid,
            role=view.role if view is not None else pulse.name,
            threads=pulse.threads,
            moved=pulse.moved,
            cpu_cores=pulse.cpu_s / self._apart_s if self._apart_s > 0 else 0.0,
            rss_bytes=read_rss(pulse.id.pid),
            doing=main_waits if not pulse.moved else "",
            stuck=view is not None and any(live is False for live in view.live.values()),
        )
