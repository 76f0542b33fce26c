"""The components of the wait-for graph against a definition by reachability."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from diag.analysis.graph import components, sinks, waiters_of, waiting_for
from diag.model.ids import ThreadId

NODES = [ThreadId(1, n) for n in range(1, 9)]
graphs = st.dictionaries(
    st.sampled_from(NODES), st.frozensets(st.sampled_from(NODES), max_size=4), max_size=8
).map(lambda g: {node: targets & g.keys() for node, targets in g.items()})


def reachable(graph, start):
    seen, front = {start}, [start]
    while front:
        for successor in graph[front.pop()] - seen:
            seen.add(successor)
            front.append(successor)
    return seen


@given(graphs)
def test_components_are_the_classes_of_mutual_reachability(graph):
    expected = {
        frozenset(b for b in reachable(graph, a) if a in reachable(graph, b)) for a in graph
    }
    assert set(components(graph)) == expected


@given(graphs)
def test_everyone_reaches_a_sink_and_no_sink_leaves_itself(graph):
    found = sinks(graph)
    for node in graph:
        assert any(sink & reachable(graph, node) for sink in found)
    for sink in found:
        assert all(reachable(graph, member) == sink for member in sink)


@given(graphs)
def test_victims_are_those_who_reach_the_cause(graph):
    for sink in sinks(graph):
        expected = {n for n in graph if sink & reachable(graph, n)} - sink
        victims = waiting_for(waiters_of(graph), sink)
        assert set(victims) == expected
        assert len(victims) == len(expected)


def test_a_long_chain_does_not_exhaust_the_stack():
    chain = [ThreadId(1, n) for n in range(5000)]
    graph = {a: frozenset({b}) for a, b in itertools.pairwise(chain)}
    graph[chain[-1]] = frozenset()
    assert sinks(graph) == [frozenset({chain[-1]})]
    assert len(waiting_for(waiters_of(graph), frozenset({chain[-1]}))) == 4999
