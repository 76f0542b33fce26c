"""The stacks on the page: every one once, with who has it."""

from functools import cached_property
from typing import NamedTuple

from diag.model.graph import Part
from diag.model.ids import ThreadId
from diag.model.report import Report
from diag.model.stack import Frame
from diag.render.grouping import Group, group_threads
from diag.render.html.parts import Parts
from diag.render.places import who_runs
from diag.render.units import capped

MOST_GROUPS = 150
MOST_FRAMES = 60
MOST_MEMBERS = 24
MOST_WAITS = 3


class Stack(NamedTuple):
    """Threads with one stack, ready to be shown.

    Attributes:
        id: of its element.
        title: who has it.
        group: the threads and frames.
        part: "cause", "victim" or "", for the filters.
        members: the other threads of the group in words.

    """

    id: str
    title: str
    group: Group
    part: str
    members: tuple[str, ...]

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames that are shown, innermost first."""
        return self.group.frames[:MOST_FRAMES]

    @property
    def waits(self) -> str:
        """What they wait for."""
        return capped(self.group.waits, MOST_WAITS, separator="; ")


class Stacks:
    """The stacks of a report: causes first, then whoever is stuck, then the rest."""

    def __init__(self, report: Report, parts: Parts) -> None:
        self._report, self._parts = report, parts

    @cached_property
    def shown(self) -> tuple[Stack, ...]:
        """The stacks that are shown."""
        ordered = sorted(self._groups, key=lambda group: self._part(group) != Part.CAUSE.value)
        return tuple(
            _stack(number, group, self._part(group))
            for number, group in enumerate(ordered[:MOST_GROUPS])
        )

    @property
    def left_out(self) -> int:
        """Number of stacks that are not shown."""
        return len(self._groups) - len(self.shown)

    def of(self, thread_id: ThreadId) -> str:
        """Return the id of the element with the stack of a thread, "" if it is not shown."""
        return next((stack.id for stack in self.shown if _has(stack, thread_id)), "")

    @cached_property
    def _groups(self) -> tuple[Group, ...]:
        return tuple(group_threads(self._report.processes))

    def _part(self, group: Group) -> str:
        return self._parts.among((view.process, thread) for view, thread in group.members)


def _stack(number: int, group: Group, part: str) -> Stack:
    members = [who_runs(*member) for member in group.members]
    if len(members) == 1:
        return Stack(f"stack-{number}", members[0], group, part, ())
    roles = ", ".join(dict.fromkeys(view.role for view, _ in group.members))
    hidden = len(members) - MOST_MEMBERS
    more = (f"and {hidden} more",) if hidden > 0 else ()
    title = f"{len(members)} threads of {roles}"
    return Stack(f"stack-{number}", title, group, part, (*members[:MOST_MEMBERS], *more))


def _has(stack: Stack, thread_id: ThreadId) -> bool:
    return any(
        (view.process.pid, thread.tid) == tuple(thread_id) for view, thread in stack.group.members
    )
