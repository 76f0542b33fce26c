"""The wait-for graph of the threads that can never run again, and its sinks."""

from collections.abc import Mapping
from typing import TypeVar

from diag.analysis.liveness import Liveness
from diag.analysis.parties import Wakers
from diag.model.ids import ThreadId

N = TypeVar("N", bound=tuple[int, ...])
Graph = Mapping[ThreadId, frozenset[ThreadId]]


def wait_for_graph(liveness: Liveness, among: frozenset[ThreadId]) -> Graph:
    """Return for each thread of `among` those threads of `among` that could wake it."""
    by_process: dict[int, set[ThreadId]] = {}
    for thread_id in among:
        by_process.setdefault(thread_id.pid, set()).add(thread_id)
    return {
        thread_id: _wakers_among(liveness.wakers[thread_id], by_process, among)
        for thread_id in among
    }


def _wakers_among(
    wakers: Wakers, by_process: dict[int, set[ThreadId]], among: frozenset[ThreadId]
) -> frozenset[ThreadId]:
    whole = (by_process.get(pid, set()) for pid in wakers.processes)
    return (wakers.threads & among).union(*whole)


def components(graph: Mapping[N, frozenset[N]]) -> list[frozenset[N]]:
    """Return the strongly connected components, every one before those that wait for it.

    Tarjan's algorithm, without recursion: a chain of waiters may be long.
    """
    index: dict[N, int] = {}
    low: dict[N, int] = {}
    stack: list[N] = []
    on_stack: set[N] = set()
    found: list[frozenset[N]] = []
    for start in sorted(graph):
        if start in index:
            continue
        work = [(start, iter(sorted(graph[start])))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(sorted(graph[successor]))))
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    found.append(_pop_component(node, stack, on_stack))
    return found


def _pop_component(root: N, stack: list[N], on_stack: set[N]) -> frozenset[N]:
    members = set()
    while True:
        member = stack.pop()
        on_stack.discard(member)
        members.add(member)
        if member == root:
            return frozenset(members)


def sinks(graph: Mapping[N, frozenset[N]]) -> list[frozenset[N]]:
    """Return the components that wait for nothing outside themselves: the causes."""
    return [
        component
        for component in components(graph)
        if all(graph[member] <= component for member in component)
    ]


def waiters_of(graph: Mapping[N, frozenset[N]]) -> dict[N, list[N]]:
    """Return the graph the other way round: who waits for each, directly."""
    waiters: dict[N, list[N]] = {}
    for waiter, wakers in graph.items():
        for waker in wakers:
            waiters.setdefault(waker, []).append(waiter)
    return waiters


def waiting_for(waiters: dict[N, list[N]], cause: frozenset[N]) -> list[N]:
    """Return those outside `cause` that wait for it, directly or not, nearest first.

    Args:
        waiters: from `waiters_of`.
        cause: some of the graph.

    """
    seen = set(cause)
    order: list[N] = []
    front = sorted(cause)
    while front:
        following = sorted({w for node in front for w in waiters.get(node, ())} - seen)
        seen.update(following)
        order.extend(following)
        front = following
    return order
