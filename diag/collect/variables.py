"""Values of local variables, for `--show-locals`: of the project's own frames, few and short.

Without the option nothing here is called, and no value gets beyond the answer of py-spy.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from diag.collect.redact import mask_value
from diag.model.origin import own_code
from diag.model.stack import Frame, Variable

MOST_FRAMES = 20  # of a thread, from the innermost on
MOST_VARIABLES = 30  # of a frame
LONGEST_NAME = 80
LONGEST_VALUE = 200  # py-spy stops at 128 by itself

Named = Iterable[tuple[str, str | None]]
"""Variables of a frame: name and value in words, None where that was not given."""


def with_variables(frames: Sequence[Frame], values: Sequence[Named]) -> tuple[Frame, ...]:
    """Return the frames, those of the project's own code with their variables.

    Args:
        frames: of one thread, innermost first.
        values: the variables of each.

    """
    shown = {id(frame) for frame in islice(own_code(frames), MOST_FRAMES)}
    return tuple(
        _complete(frame, list(named)) if id(frame) in shown else frame
        for frame, named in zip(frames, values, strict=True)
    )


def _complete(frame: Frame, named: list[tuple[str, str | None]]) -> Frame:
    return msgspec.structs.replace(
        frame,
        variables=tuple(_variable(*each) for each in named[:MOST_VARIABLES]),
        variables_left_out=max(0, len(named) - MOST_VARIABLES),
    )


def _variable(name: str, value: str | None) -> Variable:
    masked = mask_value(name, "?" if value is None else value)
    return Variable(name=_cut(name, LONGEST_NAME), value=_cut(masked, LONGEST_VALUE))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
