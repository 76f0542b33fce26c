"""The live view of `diag watch`: a scene drawn over and over on a terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from diag.cli.output import stdout_options

if TYPE_CHECKING:
    from diag.watching.story import Story

REDRAW_EVERY_S = 0.95


class LiveView:
    """A context manager: the view is on the terminal while it is open.

    Once the terminal has gone away nothing is drawn any more, and the watch goes on.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        options = stdout_options()
        self._console = Console(no_color=not options.colour, emoji=False, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._due_s = 0.0
        self._doing = ""
        self._gone = False

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._live.stop()

    def show(self, story: Story) -> None:
        """Draw what is known now, unless it was drawn a moment ago."""
        from diag.render.live import draw

        now_s = time.monotonic()
        if self._gone or (now_s < self._due_s and story.doing == self._doing):
            return
        self._due_s, self._doing = now_s + REDRAW_EVERY_S, story.doing
        width, height = self._console.size
        options = stdout_options()._replace(width=width)
        try:
            self._live.update(draw(story.scene(), options, height=height), refresh=True)
        except OSError:
            self._gone = True


def can_draw() -> bool:
    """Return whether standard output is a terminal that can be drawn on."""
    return sys.stdout.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")
