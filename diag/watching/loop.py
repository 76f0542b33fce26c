"""The loop of a watch: carries out what the plan says, and tells it what came of it."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from diag.analysis.liveness import needs_stacks
from diag.analysis.tree import Tree
from diag.collect.routine import Routine, Seen
from diag.collect.stacks import add_stacks
from diag.errors import TargetForbiddenError, TargetGoneError
from diag.model.errorline import ErrorLine
from diag.model.finding import Confidence, Severity
from diag.model.gap import Gap
from diag.model.recording import End, Header, Recording
from diag.model.report import Report
from diag.model.sample import Activity, Sample
from diag.model.snapshot import Snapshot
from diag.watching import events, plan
from diag.watching.counters import Counters
from diag.watching.helper import helpers_cpu_s
from diag.watching.hooks import Hooks, Outcome, still_true
from diag.watching.look import first_look, make_header, second_look
from diag.watching.meanwhile import count_until
from diag.watching.plan import Do, Plan, Settings, Step
from diag.watching.story import Story
from diag.watching.target import Target

PYSPY_DEADLINE_S = 5.0
MOST_STACKS = 16  # processes whose stacks are taken without need


def ask_pyspy(seen: Snapshot, *, show_locals: bool = False) -> Snapshot:
    """Add stacks, with a deadline that keeps the watch going when py-spy hangs."""
    return add_stacks(seen, deadline_s=PYSPY_DEADLINE_S, show_locals=show_locals)


class Watcher:
    """Watches one tree until it ends, the time is up or diag is told to stop.

    Args:
        target: what to watch.
        settings: how.
        hooks: where the results go.
        stacks: asks py-spy; None not to.

    """

    def __init__(
        self,
        target: Target,
        settings: Settings,
        hooks: Hooks,
        *,
        stacks: Callable[[Snapshot], Snapshot] | None = ask_pyspy,
    ) -> None:
        self._target, self._hooks = target, hooks
        self._stall_s = settings.stall_s
        self._stacks = stacks
        self._plan = Plan(settings, time.monotonic())
        self._header: Header = make_header()
        self._first: Snapshot | None = None
        self._lost: Gap | None = None
        self._pair: tuple[Snapshot, ...] = ()
        self._report: Report | None = None
        self._counters = Counters(target.pid, self._sampled)
        self._activities: tuple[Activity, ...] = ()
        self._error_lines: tuple[ErrorLine, ...] = ()
        self._alarmed = False
        self.story = Story(target.id, settings.interval_s, time.monotonic(), hooks.trouble)

    def run(self) -> Outcome:
        """Watch to the end."""
        self._hooks.record(self._header)
        self._begin()
        try:
            self._routine = Routine(self._target.pid, adopted=self._target.adopted)
        except OSError as error:
            raise TargetGoneError(f"process {self._target.pid} ended") from error
        step = self._plan.start(time.monotonic())
        try:
            while step.do is not Do.STOP:
                event = self._wait(step) or self._perform(step)
                step = self._plan.after(event)
            self._note(self._target.errors.finish())
        finally:
            self._routine.close()
            self._counters.close()
        end = End(because=step.because)
        self._hooks.record(end)
        return Outcome(
            step.because, still_true(self._report, self._lost), self._recording(end), self._lost
        )

    def _begin(self) -> None:
        """Look once at the start, however short the target's life may be."""
        try:
            first = first_look(self._target.pid, wants_stacks=lambda _: False)
        except (TargetGoneError, TargetForbiddenError) as error:
            if not self._target.ours:
                raise
            self._miss(error)
            return  # it ended at once, or has other rights than diag: its status is passed on
        self._pair = (first,)
        self.story.looked(first)
        self._hooks.record(first)

    def _wait(self, step: Step) -> events.Event | None:
        """Wait until the step is due; return what came first, if anything did."""
        while True:
            signals = self._target.wait(step.at_s)
            self._note(self._target.errors.take())
            now_s = time.monotonic()
            if self._target.has_exited():
                return events.Exited(now_s)
            if signals and not self._target.ours:
                return events.Interrupted(now_s)
            if now_s >= step.at_s:
                return None

    def _perform(self, step: Step) -> events.Event:
        if step.do is Do.ROUTINE:
            return self._pass()
        if step.do is Do.ACT:
            self.story.doing = "acting"
            self._hooks.show(self.story)
            timed_out = step.because == plan.TIME_OUT
            ended = self._hooks.act(self._report, self._routine.ids, timed_out)
            self._target.errors.skip()
            return events.Acted(time.monotonic(), ended)
        also = (*self._target.adopted(), *self._routine.pids)
        before_s, helpers_s = time.process_time(), helpers_cpu_s()
        try:
            if step.do is Do.LOOK:
                self._look(step, also)
            hung = self._confirm(also) if step.do is Do.CONFIRM else None
        except (TargetGoneError, TargetForbiddenError) as error:
            self._miss(error)
            return events.Lost(time.monotonic(), time.process_time() - before_s)
        helpers_s = helpers_cpu_s() - helpers_s
        self.story.helpers_cpu_s += helpers_s
        cost_s = time.process_time() - before_s + helpers_s
        if step.do is Do.LOOK:
            return events.Looked(time.monotonic(), cost_s)
        proven = hung is Confidence.PROVEN
        return events.Judged(time.monotonic(), cost_s, hung=hung is not None, proven=proven)

    def _miss(self, error: TargetGoneError | TargetForbiddenError) -> None:
        """Take that a look was not possible; that the target ended is no loss."""
        gap = Gap(what="look", because=f"{error}: {error.hint}" if error.hint else str(error))
        self.story.lost(gap)
        if isinstance(error, TargetForbiddenError):
            self._lost = gap

    def _pass(self) -> events.Event:
        seen: Seen = self._routine.take()
        if not seen.processes:
            return events.Exited(seen.at_s)
        self._counters.pass_by(seen.at_s)
        grow = self._counters.grow
        event = events.Passed(seen.at_s, seen.still, seen.members, seen.cost_s, self._alarmed, grow)
        self._alarmed = False
        self.story.passed(seen, self._plan.interval_s)
        self._hooks.show(self.story)
        return event

    def _note(self, lines: tuple[ErrorLine, ...]) -> None:
        """Keep error lines, and the counters of that moment."""
        if not lines:
            return
        self._alarmed = True
        self._error_lines += lines
        for line in lines:
            self._hooks.record(line)
        self._counters.take_at(lines[0].at_s)

    def _sampled(self, sample: Sample) -> None:
        self.story.sampled(sample)
        self._hooks.record(sample)

    def _look(self, step: Step, also: tuple[int, ...]) -> None:
        self.story.doing = "looking closely"
        self._hooks.show(self.story)
        stacks = self._stacks
        self._first = first_look(
            self._target.pid,
            also=also,
            wants_stacks=lambda seen: stacks is not None and self._wants_stacks(seen, step),
            add_stacks=stacks or add_stacks,
        )
        if self._plan.still_s >= self._stall_s:
            self._first = replace(self._first, still_s=self._plan.still_s)
        self.story.looked(self._first)
        self._hooks.record(self._first)
        self._activities = ()
        if step.because == plan.REGULAR:
            self._count(self._first)

    def _wants_stacks(self, seen: Snapshot, step: Step) -> bool:
        """Return whether a look needs stacks: rules about slowness do, if it is not too costly."""
        about_slowness = self._counters.grow or step.because in (plan.REGULAR, plan.GROWTH)
        return needs_stacks(Tree(seen)) or (about_slowness and len(seen.processes) <= MOST_STACKS)

    def _count(self, first: Snapshot) -> None:
        """See what busy threads do, for rules about slowness: nobody waits for this answer."""
        samples, self._activities = count_until(
            first, first.started_s + plan.CONFIRM_AFTER_S, record=lambda _: None
        )
        first_of_all, *between, last = samples  # the first has the connections
        self._counters.add(first_of_all, *(sample for sample in between if sample.ended), last)
        for activity in self._activities:
            self._hooks.record(activity)

    def _confirm(self, also: tuple[int, ...]) -> Confidence | None:
        """Confirm and judge the last look; return how sure it is that something is hung.

        None if nothing is.
        """
        assert self._first is not None
        second = second_look(self._first, also=also)
        self._lost = None
        self._hooks.record(second)
        self._pair = (self._first, second)
        report = self._hooks.judge(self._recording())
        if report.findings or self._report is None or not self._report.findings:
            self._report = report
        new = self.story.judged(report)
        if any(finding.severity is not Severity.INFO for finding in new):
            self._note(self._target.errors.take())
            self._hooks.found(report, new)
            self._target.errors.skip()
        self._hooks.show(self.story)
        errors = [each for each in report.findings if each.severity is Severity.ERROR]
        return min((each.confidence for each in errors), key=list(Confidence).index, default=None)

    def _recording(self, end: End | None = None) -> Recording:
        return Recording(
            header=self._header,
            snapshots=self._pair,
            samples=self._counters.samples,
            activities=self._activities,
            error_lines=self._error_lines,
            end=end,
        )
