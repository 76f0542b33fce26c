"""Equal things together: threads with the same stack, processes that do the same."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from diag.model.report import ProcessView
from diag.model.stack import Frame
from diag.model.thread import Thread


class Member(NamedTuple):
    """A thread and the process it belongs to."""

    view: ProcessView
    thread: Thread


class Group(NamedTuple):
    """Threads that stand at the same place.

    Attributes:
        frames: their Python frames, innermost first; empty if they have none.
        starting: how many frames beneath those started the process; after a fork they
            are the parent's, and differ among workers that do the same.
        members: in the order of the tree.
        waits: what they wait for in words, each text once.
        stuck: whether any of them can never run again.

    """

    frames: tuple[Frame, ...]
    starting: int
    members: tuple[Member, ...]
    waits: tuple[str, ...]
    stuck: bool

    @property
    def variables_of(self) -> int | None:
        """Whose variables stand in the frames, by tid; None for none, or where it is clear."""
        if len(self.members) == 1 or not any(frame.variables for frame in self.frames):
            return None
        return self.members[0].thread.tid


class Row(NamedTuple):
    """Sibling processes that look the same.

    Attributes:
        depth: 0 for the root.
        views: in the order of the tree.

    """

    depth: int
    views: tuple[ProcessView, ...]

    @property
    def stuck(self) -> bool:
        """Whether any thread of them can never run again."""
        return any(live is False for view in self.views for live in view.live.values())


def group_threads(views: Iterable[ProcessView]) -> tuple[Group, ...]:
    """Group threads by stack: the stuck first, then small groups, then the order of the tree."""
    found: dict[Hashable, list[Member]] = defaultdict(list)
    for view in views:
        for thread in view.process.threads:
            found[_sameness(view, thread)].append(Member(view, thread))
    groups = (_group(members) for members in found.values())
    return tuple(sorted(groups, key=lambda group: (not group.stuck, len(group.members))))


def tree_rows(views: Sequence[ProcessView]) -> tuple[Row, ...]:
    """Lay the processes out as a tree, leaves that look the same in one row.

    Processes whose parent is not in the report stand at the top.
    """
    present = {view.process.pid for view in views}
    children: dict[int, list[ProcessView]] = defaultdict(list)
    for view in views:
        parent = view.process.parent_pid
        is_top = parent not in present or parent == view.process.pid
        children[0 if is_top else parent].append(view)
    rows: list[Row] = []
    pending = [(0, view) for view in reversed(children[0])]
    merged: dict[Hashable, int] = {}
    while pending:
        depth, view = pending.pop()
        own = children.get(view.process.pid, [])
        key = (view.process.parent_pid, _looks(view))
        if not own and key in merged:
            row = rows[merged[key]]
            rows[merged[key]] = row._replace(views=(*row.views, view))
            continue
        if not own:
            merged[key] = len(rows)
        rows.append(Row(depth, (view,)))
        pending.extend((depth + 1, child) for child in reversed(own))
    return tuple(rows)


def own_frames(thread: Thread) -> tuple[Frame, ...]:
    """Return the frames of a thread without those that started its process.

    A multiprocessing child runs in `BaseProcess._bootstrap`, under whatever called it.
    """
    frames = thread.stack.frames if thread.stack is not None else ()
    for number, frame in enumerate(frames):
        if frame.bare_name == "_bootstrap" and frame.file.endswith("multiprocessing/process.py"):
            return frames[: number + 1]
    return frames


def _sameness(view: ProcessView, thread: Thread) -> Hashable:
    frames = own_frames(thread)
    if frames:
        return tuple((frame.function, frame.file, frame.line) for frame in frames)
    return view.waits.get(thread.tid, thread.wait.kind.value)


def _group(members: list[Member]) -> Group:
    first = members[0].thread
    frames = own_frames(first)
    waits = (view.waits.get(thread.tid, thread.wait.kind.value) for view, thread in members)
    return Group(
        frames=frames,
        starting=len(first.stack.frames) - len(frames) if first.stack else 0,
        members=tuple(members),
        waits=tuple(dict.fromkeys(waits)),
        stuck=any(view.live.get(thread.tid) is False for view, thread in members),
    )


def _looks(view: ProcessView) -> Hashable:
    process = view.process
    threads = tuple(
        (thread.state, view.waits.get(thread.tid), view.live.get(thread.tid))
        for thread in process.threads
    )
    return (view.role, process.name, process.state, threads, bool(process.gaps))
