"""The wait-for graph on the page: what it is drawn from, and the same in words."""

from collections.abc import Iterator

from diag.model.graph import Edge, Graph, Node, Part
from diag.render.escape import visible
from diag.render.html.parts import WORDS
from diag.render.html.stacks import Stacks
from diag.render.places import Places


class Picture:
    """The graph of a report, None if it has none."""

    def __init__(self, graph: Graph | None, places: Places, stacks: Stacks) -> None:
        self._graph, self._places, self._stacks = graph, places, stacks

    @property
    def in_words(self) -> tuple[str, ...]:
        """The graph as sentences: the text alternative of its picture."""
        if self._graph is None:
            return ()
        return tuple(_sentences(self._graph.nodes, self._graph.edges, self._places))

    def data(self) -> dict[str, object]:
        """Return what the script draws the graph from."""
        graph = self._graph
        nodes = graph.nodes if graph is not None else ()
        return {
            "nodes": [self._node(node) for node in nodes],
            "edges": [
                {
                    "waiter": edge.waiter,
                    "waker": edge.waker,
                    "label": visible(edge.label),
                    "source": edge.source,
                }
                for edge in (graph.edges if graph is not None else ())
            ],
        }

    def _node(self, node: Node) -> dict[str, str]:
        place = self._places.where(node.place) if node.place is not None else ""
        return {
            "id": node.id,
            "part": node.part.value,
            "tag": WORDS[node.part],
            "label": visible(node.label),
            "waits": visible(node.waits),
            "place": visible(place),
            "stack": self._stacks.of(node.threads[0]) if node.threads else "",
        }


def _sentences(nodes: tuple[Node, ...], edges: tuple[Edge, ...], places: Places) -> Iterator[str]:
    by_id = {node.id: node for node in nodes}
    for node in nodes:
        if node.part is Part.ABSENT:
            continue
        where = f" {places.where(node.place)}" if node.place is not None else ""
        wakers = [by_id[edge.waker] for edge in edges if edge.waiter == node.id]
        missing = [waker.label for waker in wakers if waker.part is Part.ABSENT]
        present = [waker.label for waker in wakers if waker.part is not Part.ABSENT]
        whom = f"; nobody can wake it: {'; '.join(missing)}" if missing else ""
        whom += f"; it waits for: {'; '.join(present)}" if present else ""
        yield f"{WORDS[node.part]}: {node.label}{where} {node.waits}{whom}"
