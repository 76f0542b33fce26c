"""The wait-for graph as a picture: what is stuck, on whom, and where it began."""

from enum import StrEnum

from diag.model.base import Record
from diag.model.finding import Location, Source
from diag.model.ids import ThreadId


class Part(StrEnum):
    """What a node has to do with the trouble."""

    CAUSE = "cause"  # it keeps itself and others from ever running again
    VICTIM = "victim"  # it waits for a cause, directly or not
    LIVE = "live"  # it can go on
    ABSENT = "absent"  # who should end a wait and does not exist


class Node(Record, frozen=True, omit_defaults=False):
    """One thread, or threads that stand at the same place and wait for the same.

    Attributes:
        id: unique in the graph.
        part: what it has to do with the trouble.
        label: who it is: "worker 2404", "100 x worker".
        waits: what it waits for, in words; empty for ABSENT and for running ones.
        place: where the first of them stands, None if it is no thread.
        threads: the threads, the most telling first; none for ABSENT.

    """

    id: str
    part: Part
    label: str
    waits: str = ""
    place: Location | None = None
    threads: tuple[ThreadId, ...] = ()


class Edge(Record, frozen=True, omit_defaults=False):
    """A wait: `waiter` can go on only when `waker` acts.

    Attributes:
        waiter: id of a node.
        waker: id of a node.
        source: how it is known.
        label: what is waited for, a few words.

    """

    waiter: str
    waker: str
    source: Source
    label: str = ""


class Graph(Record, frozen=True, omit_defaults=False):
    """Who waits for whom.

    Attributes:
        nodes: causes first, then their victims, the nearest first.
        edges: from each waiter to those who could end its wait.
        hidden: number of threads left out because there were too many.

    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    hidden: int = 0
