"""What happens in a watch: what the plan decides from."""

from typing import NamedTuple

from diag.collect.followed import Still
from diag.model.ids import ThreadId


class Passed(NamedTuple):
    """A routine pass was made.

    Attributes:
        at_s: when.
        still: who has not run since the last one.
        members: every thread of the tree.
        cost_s: CPU time that it took.
        alarmed: whether the target has complained since the last one.
        grows: whether something has been growing for a while.

    """

    at_s: float
    still: frozenset[Still]
    members: frozenset[ThreadId]
    cost_s: float
    alarmed: bool = False
    grows: bool = False


class Looked(NamedTuple):
    """A close look was taken."""

    at_s: float
    cost_s: float


class Judged(NamedTuple):
    """The close look was confirmed and judged.

    Attributes:
        at_s: when.
        cost_s: CPU time of the confirmation and the judgement.
        hung: whether something can never go on.
        proven: whether that is sure.

    """

    at_s: float
    cost_s: float
    hung: bool
    proven: bool = True


class Acted(NamedTuple):
    """The hang was acted on; `ended` if the target has been ended by that."""

    at_s: float
    ended: bool


class Lost(NamedTuple):
    """A close look was not possible; it is tried again when something changes."""

    at_s: float
    cost_s: float


class Exited(NamedTuple):
    """The target has ended."""

    at_s: float


class Interrupted(NamedTuple):
    """diag was asked to end: after one more close look, or at once when asked again."""

    at_s: float


Event = Passed | Looked | Judged | Acted | Lost | Exited | Interrupted
