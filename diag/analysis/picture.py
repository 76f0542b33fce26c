"""The wait-for graph as a picture that people can read: equal waiters are one node."""

from collections.abc import Hashable, Iterator

from diag.analysis.case import Case
from diag.analysis.causes import Cause, CauseKind
from diag.analysis.chain import source_of
from diag.analysis.graph import Graph as Waits
from diag.analysis.graph import wait_for_graph
from diag.analysis.owners import Owner, OwnerState, resolve
from diag.analysis.party_words import owner_words
from diag.analysis.roles import role_of
from diag.analysis.words import describe_wait
from diag.model.finding import Source
from diag.model.graph import Edge, Graph, Node, Part
from diag.model.ids import ThreadId
from diag.model.wait import WaitKind

MOST_NODES = 60
MOST_EXACT_WAKERS = 2
MOST_DRAWN_KNOT = 8  # threads of one cycle that each get a node of their own
_LABELS = {
    WaitKind.READ: "data to read",
    WaitKind.WRITE: "room to write",
    WaitKind.POLL: "an event",
    WaitKind.ACCEPT: "a connection",
    WaitKind.CHILD: "its exit",
    WaitKind.FILE_LOCK: "a file lock",
}


class _Group:
    """Threads that are drawn as one node."""

    def __init__(self, number: int, part: Part) -> None:
        self.id = f"n{number}"
        self.part = part
        self.members: list[ThreadId] = []


class _Grouping:
    """Which node each thread belongs to; groups are in the order in which they were made."""

    def __init__(self) -> None:
        self.of: dict[ThreadId, _Group] = {}
        self._by_key: dict[Hashable, _Group] = {}

    def add(self, member: ThreadId, part: Part, key: Hashable) -> None:
        group = self._by_key.get((part, key))
        if group is None:
            group = self._by_key[part, key] = _Group(len(self._by_key), part)
        group.members.append(member)
        self.of[member] = group

    def all(self) -> list[_Group]:
        return list(self._by_key.values())


def draw(case: Case) -> Graph:
    """Return the graph of the threads that can never run again, causes first.

    Of several parties that could end a victim's wait, those nearest to a cause are
    drawn. A live thread is drawn only where it waits for exactly one stuck thread.
    """
    waits = wait_for_graph(case.liveness, case.liveness.likely)
    grouping = _group(case, waits)
    groups = grouping.all()
    shown, left_out = groups[:MOST_NODES], groups[MOST_NODES:]
    nodes = [_node(case, group) for group in shown]
    edges = list(_edges(case, waits, grouping, frozenset(group.id for group in shown)))
    drawn = {node.id for node in nodes} - {edge.waiter for edge in edges}
    for cause in case.causes:
        alone = grouping.of[cause.threads[0]].id
        if alone in drawn:
            drawn.remove(alone)
            _add_absent(case, cause, alone, nodes, edges)
    return Graph(
        nodes=tuple(nodes),
        edges=tuple(edges),
        hidden=sum(len(group.members) for group in left_out),
    )


def _group(case: Case, waits: Waits) -> _Grouping:
    grouping = _Grouping()
    for cause in case.causes:
        knot = 1 < len(cause.threads) <= MOST_DRAWN_KNOT
        for member in cause.threads:
            key = member if knot else (_place(case, member), cause.kind, cause.threads[1:])
            grouping.add(member, Part.CAUSE, key)
    for victim in dict.fromkeys(victim for cause in case.causes for victim in cause.victims):
        if victim not in grouping.of:
            grouping.add(victim, Part.VICTIM, _waits_alike(case, waits, grouping, victim))
    for follower, waker in sorted(_followers(case)):
        grouping.add(follower, Part.LIVE, (_place(case, follower), grouping.of[waker].id))
    return grouping


def _place(case: Case, member: ThreadId) -> Hashable:
    location = case.locate(member)
    kind = case.tree.threads[member].wait.kind
    return (location.process_role, location.function, location.file, location.line, kind)


def _waits_alike(case: Case, waits: Waits, grouping: _Grouping, member: ThreadId) -> Hashable:
    """Key of a victim: a chain of waiters at one place is not drawn as one node."""
    wakers = waits[member]
    if len(wakers) > MOST_EXACT_WAKERS:
        return _place(case, member)
    nodes = frozenset(grouping.of[waker].id if waker in grouping.of else waker for waker in wakers)
    return (_place(case, member), nodes)


def _followers(case: Case) -> Iterator[tuple[ThreadId, ThreadId]]:
    """Yield the live threads that wait, with a time-out, for exactly one stuck thread."""
    stuck = case.liveness.likely
    for thread_id in case.tree.threads.keys() - stuck:
        owner = _owner(case, thread_id)
        if owner is not None and owner.thread in stuck:
            yield thread_id, owner.thread


def _owner(case: Case, waiter: ThreadId) -> Owner | None:
    lock = case.tree.threads[waiter].wait.lock
    return resolve(case.tree, waiter, lock) if lock is not None else None


def _node(case: Case, group: _Group) -> Node:
    first = group.members[0]
    count = len(group.members)
    role = role_of(case.tree, first.pid)
    what = role if len({member.pid for member in group.members}) == count else f"thread of {role}"
    return Node(
        id=group.id,
        part=group.part,
        label=case.name(first) if count == 1 else f"{count} x {what}",
        waits=_words(case, first),
        place=case.locate(first),
        threads=tuple(group.members),
    )


def _edges(case: Case, waits: Waits, grouping: _Grouping, shown: frozenset[str]) -> Iterator[Edge]:
    drawn: set[tuple[str, str]] = set()
    nearest = _nearest(case, waits)
    followed = ((waiter, frozenset({waker})) for waiter, waker in _followers(case))
    for waiter, wakers in (*sorted(nearest.items()), *followed):
        thread, own = case.tree.threads[waiter], grouping.of[waiter].id
        owner, completion = _owner(case, waiter), case.liveness.wakers[waiter].completion
        for other in sorted({grouping.of[waker].id for waker in wakers}):
            if (own, other) not in drawn and {own, other} <= shown:
                drawn.add((own, other))
                yield Edge(
                    waiter=own,
                    waker=other,
                    source=Source.READ if completion else source_of(thread.wait, owner),
                    label=_label(case, waiter),
                )


def _nearest(case: Case, waits: Waits) -> dict[ThreadId, frozenset[ThreadId]]:
    """Return the wakers of each thread; of a victim's those with the fewest steps to a cause."""
    steps = {member: 0 for cause in case.causes for member in cause.threads}
    for victim in (victim for cause in case.causes for victim in cause.victims):
        known = [steps[waker] for waker in waits[victim] if waker in steps]
        steps.setdefault(victim, min(known, default=len(steps)) + 1)
    found = {}
    for waiter, wakers in waits.items():
        least = min((steps[waker] for waker in wakers), default=0)
        is_victim = steps[waiter] > 0
        found[waiter] = frozenset(w for w in wakers if steps[w] == least) if is_victim else wakers
    return found


def _label(case: Case, waiter: ThreadId) -> str:
    wait = case.tree.threads[waiter].wait
    if wait.lock is None:
        return _LABELS.get(wait.kind, "")
    return _words(case, waiter).removeprefix("waits for ")


def _words(case: Case, member: ThreadId) -> str:
    thread, process = case.tree.threads[member], case.tree.processes[member.pid]
    return describe_wait(thread, process, case.tree.channels, with_owner=False)


def _add_absent(case: Case, cause: Cause, node: str, nodes: list[Node], edges: list[Edge]) -> None:
    """Draw who is missing, where a cause waits for somebody who does not exist."""
    first = cause.threads[0]
    owner = _owner(case, first)
    label = _NOBODY.get(cause.kind, "nobody is left who could end this wait")
    if owner is not None and owner.state is OwnerState.GONE:
        label = owner_words(case, first, owner)[0]
    source = source_of(case.tree.threads[first].wait, owner)
    nodes.append(Node(id=f"{node}-absent", part=Part.ABSENT, label=label))
    edges.append(
        Edge(waiter=node, waker=f"{node}-absent", source=source, label=_label(case, first))
    )


_NOBODY = {
    CauseKind.DEAD_HOLDER: "the process that held it has died",
    CauseKind.LOST_TASK: "no worker has its task",
    CauseKind.ORPHANED_LOCK: "its owner does not exist in this process",
    CauseKind.SELF_DEADLOCK: "only this very thread could release it",
}
