"""The wait-for graph as a Mermaid flowchart, which GitHub and GitLab draw."""

from collections.abc import Iterator

from diag.model.finding import Source
from diag.model.graph import Graph, Node, Part
from diag.render.escape import visible
from diag.render.units import plural

MOST_NODES = 30
MOST_TEXT = 90
# Text colour on fill: a contrast above 4.5 each, on a light page and on a dark one.
_STYLES = {
    Part.CAUSE: "fill:#b42318,stroke:#7a1610,color:#ffffff",
    Part.VICTIM: "fill:#fde3b4,stroke:#b26a00,color:#3d2600",
    Part.LIVE: "fill:#d6f0dd,stroke:#2a7d46,color:#0d3319",
    Part.ABSENT: "fill:#ffffff,stroke:#b42318,color:#7a1610,stroke-dasharray:5 4",
}
_ARROWS = {Source.OBSERVED: "-->", Source.READ: "-->", Source.INFERRED: "-.->"}


def draw(graph: Graph) -> str:
    """Return the chart, arrows from each waiter to whom it waits for, or "" for no node."""
    if not graph.nodes:
        return ""
    return "\n".join(["flowchart BT", *(f"  {line}" for line in _lines(graph))])


def _lines(graph: Graph) -> Iterator[str]:
    shown = graph.nodes[:MOST_NODES]
    absent = [node for node in graph.nodes[MOST_NODES:] if node.part is Part.ABSENT]
    nodes = [*shown, *absent]
    numbers = {node.id: f"n{number}" for number, node in enumerate(nodes)}
    for node in nodes:
        yield f'{numbers[node.id]}["{_label(node)}"]:::{node.part.value}'
    for edge in graph.edges:
        if edge.waiter in numbers and edge.waker in numbers:
            label = f'|"{_text(edge.label)}"|' if edge.label else ""
            arrow = f"{_ARROWS[edge.source]}{label}"
            yield f"{numbers[edge.waiter]} {arrow} {numbers[edge.waker]}"
    left_out = graph.hidden + sum(
        len(node.threads) for node in graph.nodes if node.id not in numbers
    )
    if left_out:
        yield f'rest["and {plural(left_out, "more thread")}"]:::victim'
    for part in Part:
        yield f"classDef {part.value} {_STYLES[part]}"


def _label(node: Node) -> str:
    lines = [node.label]
    if node.place is not None and node.place.function:
        lines.append(f"in {node.place.function}")
    return "<br/>".join(map(_text, lines))


def _text(text: str) -> str:
    """Escape a text for a quoted label: everything that Mermaid or HTML could act on."""
    short = text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 4]} ..."
    return "".join(
        character if character.isalnum() or character in " .,:/()_-" else f"#{ord(character)};"
        for character in visible(short)
    )
