"""What a renderer may know of the place its text goes to."""

from typing import NamedTuple

DEFAULT_WIDTH = 100
NARROWEST = 40


class Options(NamedTuple):
    """How a text report is drawn; found out by the caller, never asked of a terminal.

    Attributes:
        width: columns; less than `NARROWEST` is drawn as `NARROWEST`.
        colour: whether terminal escape codes may be used.
        unicode: whether characters outside ASCII may be drawn.

    """

    width: int = DEFAULT_WIDTH
    colour: bool = False
    unicode: bool = True
