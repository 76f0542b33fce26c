"""The picture of who waits for whom: who is the cause, who is drawn as one, who is missing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from diag.analysis.picture import MOST_NODES, draw
from diag.model.finding import Source
from diag.model.graph import Graph, Node, Part
from diag.model.lock import LockKind
from diag.model.process import Process
from diag.model.wait import Wait
from tests.unit.world import (
    RUNNING,
    SLEEPING,
    case,
    frames,
    lock_wait,
    process,
    thread,
    waits_for_child,
)

AT = frames("work app.py:10")


def owned_by(tid: int, at: int = 0x1000) -> Wait:
    return lock_wait(LockKind.RLOCK, owner=tid * 16, at=at)


def parts(graph: Graph) -> dict[str, Part]:
    return {node.label: node.part for node in graph.nodes}


def arrows(graph: Graph) -> set[tuple[str, str]]:
    labels = {node.id: node.label for node in graph.nodes}
    return {(labels[edge.waiter], labels[edge.waker]) for edge in graph.edges}


def node(graph: Graph, part: Part) -> Node:
    (found,) = (node for node in graph.nodes if node.part is part)
    return found


def test_a_healthy_tree_has_no_graph() -> None:
    graph = draw(case(process(7, thread(7, SLEEPING), thread(8, lock_wait()))))
    assert graph == Graph(nodes=(), edges=())


def test_a_cycle_and_who_waits_for_it() -> None:
    graph = draw(
        case(
            process(
                7,
                thread(7, owned_by(8), stack=AT),
                thread(8, owned_by(9), stack=AT, name="a"),
                thread(9, owned_by(8), stack=AT, name="b"),
            )
        )
    )
    main, a, b = "main thread of main 7", 'thread "a" of main 7', 'thread "b" of main 7'
    assert parts(graph) == {a: Part.CAUSE, b: Part.CAUSE, main: Part.VICTIM}
    assert arrows(graph) == {(main, a), (a, b), (b, a)}
    assert {edge.source for edge in graph.edges} == {Source.READ}
    assert {edge.label for edge in graph.edges} == {"an RLock"}


def test_an_owner_that_does_not_exist_is_drawn() -> None:
    worker = process(8, thread(8, owned_by(99), stack=AT), parent=7, forked=True)
    parent = process(7, thread(7, waits_for_child(8)))
    graph = draw(case(parent, worker))
    assert "held it when 8 was forked" in node(graph, Part.ABSENT).label
    assert node(graph, Part.ABSENT).threads == ()
    assert arrows(graph) == {
        ("child 8", node(graph, Part.ABSENT).label),
        ("parent 7", "child 8"),
    }


def workers(count: int) -> list[Process]:
    return [
        process(8 + n, thread(8 + n, owned_by(999), stack=AT), parent=7, forked=True)
        for n in range(count)
    ]


def test_equal_waiters_are_one_node() -> None:
    parent = process(7, thread(7, waits_for_child(*range(8, 108))))
    graph = draw(case(parent, *workers(100)))
    cause = node(graph, Part.CAUSE)
    assert cause.label == "100 x child"
    assert [t.pid for t in cause.threads] == list(range(8, 108))
    assert len(graph.nodes) == 3
    assert len(graph.edges) == 2


def test_a_chain_of_waiters_at_one_place_stays_a_chain() -> None:
    stuck = [thread(7, owned_by(7), stack=AT)]
    stuck += [thread(tid, owned_by(tid - 1), stack=AT, name=f"t{tid}") for tid in range(8, 12)]
    graph = draw(case(process(7, *stuck)))
    names = ["main thread of main 7", *(f'thread "t{tid}" of main 7' for tid in range(8, 12))]
    expected = {(names[n], names[n - 1]) for n in range(1, 5)}
    assert expected < arrows(graph)
    assert [n.part for n in graph.nodes if n.label != names[0]] == [Part.VICTIM] * 4


def test_victims_are_drawn_towards_the_cause_only() -> None:
    """Any thread could set an Event, so each waits for all: the nearest to the cause are drawn."""
    threads = [
        thread(7, owned_by(7), stack=AT),
        thread(8, lock_wait(), stack=frames("wait app.py:20"), name="a"),
        thread(9, lock_wait(), stack=frames("wait app.py:30"), name="b"),
    ]
    graph = draw(case(process(7, *threads)))
    victims = {label for label, part in parts(graph).items() if part is Part.VICTIM}
    ends = {waker for waiter, waker in arrows(graph) if waiter in victims}
    assert ends == {"main thread of main 7"}


def test_a_live_thread_that_waits_for_a_stuck_one_is_drawn() -> None:
    timed = lock_wait(LockKind.RLOCK, owner=7 * 16)
    patient = Wait(kind=timed.kind, syscall="futex", lock=timed.lock, timed=True)
    graph = draw(
        case(
            process(7, thread(7, owned_by(7), stack=AT), thread(8, patient, name="p")),
        )
    )
    assert parts(graph)['thread "p" of main 7'] is Part.LIVE
    assert ('thread "p" of main 7', "main thread of main 7") in arrows(graph)


def test_too_many_nodes_are_counted_not_drawn() -> None:
    stuck = [thread(7, owned_by(7), stack=AT)]
    stuck += [thread(tid, owned_by(tid - 1), stack=AT) for tid in range(8, 108)]
    graph = draw(case(process(7, *stuck)))
    threads = [node for node in graph.nodes if node.part is not Part.ABSENT]
    assert len(threads) == MOST_NODES
    assert graph.hidden == 101 - MOST_NODES
    known = {node.id for node in graph.nodes}
    assert all({edge.waiter, edge.waker} <= known for edge in graph.edges)


waits = st.one_of(
    st.just(RUNNING),
    st.just(lock_wait()),
    st.integers(1, 10).map(owned_by),
    st.integers(1, 10).map(waits_for_child),
)


@settings(max_examples=200)
@given(st.lists(st.lists(waits, min_size=1, max_size=4), min_size=1, max_size=4))
def test_every_stuck_thread_is_in_one_node_and_every_edge_has_ends(
    processes: list[list[Wait]],
) -> None:
    made, tid = [], 0
    for threads in processes:
        pid = tid + 1
        own = [thread(pid + n, wait, stack=AT) for n, wait in enumerate(threads)]
        made.append(process(pid, *own, parent=1 if pid > 1 else 0, forked=pid > 1))
        tid += len(own)
    judged = case(*made)
    graph = draw(judged)
    drawn = [t for node in graph.nodes if node.part is not Part.LIVE for t in node.threads]
    assert sorted(drawn) == sorted(judged.liveness.likely)
    ids = [node.id for node in graph.nodes]
    assert len(ids) == len(set(ids))
    assert {end for edge in graph.edges for end in (edge.waiter, edge.waker)} <= set(ids)
    waiting = {edge.waiter for edge in graph.edges}
    assert all(node.id in waiting for node in graph.nodes if node.part is Part.VICTIM)
