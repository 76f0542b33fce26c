"""Shows on a terminal, or as plain lines, what happens while a scenario runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

import msgspec
from rich import box
from rich.console import Console
from rich.markdown import Markdown
from rich.status import Status
from rich.table import Table as RichTable
from rich.text import Text

from diag.scenario.contrast import Table
from diag.scenario.interpreter import Interpreter
from diag.scenario.labels import Kind, Scenario, Variant
from diag.scenario.measure import Moment

PLAIN_WIDTH = 200  # of a table that is not for a terminal: no cell is cut
_COLOURS = {Kind.BROKEN: "red", Kind.FIXED: "green", Kind.CONTROL: "cyan", Kind.BASELINE: "yellow"}


def print_json(value: object) -> None:
    """Print a record, or a list of them, to standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


class Screen:
    """Writes to a stream; with a line of status at the bottom if it is a terminal.

    rich sees to NO_COLOR and to dumb terminals.
    """

    def __init__(self, stream: TextIO) -> None:
        self._live = stream.isatty()
        width = None if self._live else PLAIN_WIDTH
        self._console = Console(file=stream, width=width, highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._last_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.rest()

    def heading(self, scenario: Scenario) -> None:
        """Print a scenario as it stands in a list."""
        self._console.print(Text(scenario.name, style="bold"), Text(f": {scenario.title}"), sep="")
        wide = max(len(variant.name) for variant in scenario.variants)
        for variant in scenario.variants:
            colour = _COLOURS[variant.kind]
            kind = Text(f"  {variant.kind:8}", style=colour)
            self._console.print(kind, f"{variant.name:{wide}}  {variant.about}", markup=False)

    def page(self, text: str) -> None:
        """Print a page: rendered on a terminal, as it is elsewhere."""
        if self._live:
            self._console.print(Markdown(text), soft_wrap=False)
        else:
            self._console.file.write(text)

    def begin(self, scenario: Scenario, variant: Variant, python: Interpreter) -> None:
        """Announce a variant."""
        name = Text(variant.name, style=f"bold {_COLOURS[variant.kind]}")
        self.say(name, f" ({variant.kind}, Python {python.version}): {variant.about}")
        self._last_s = 0.0
        self.busy(f"{scenario.name}: starting")

    def moment(self, moment: Moment) -> None:
        """Show what a run printed, and what it uses now."""
        self.lines(moment.lines)
        sample, self._last_s = moment.sample, moment.at_s
        self.status(
            f"{moment.at_s:5.1f} s   {sample.processes} running   "
            f"{sample.rss_bytes / 2**20:.0f} MB   {sample.cpu_s:.1f} s of CPU"
        )

    def lines(self, lines: Sequence[str]) -> None:
        """Print what a program printed."""
        for line in lines:
            self._console.print(Text(f"  | {line}", style="dim"))

    def busy(self, text: str) -> None:
        """Put a line of status at the bottom, if anybody watches."""
        if self._live:
            self._status = self._console.status(Text(text))
            self._status.start()

    def status(self, text: str) -> None:
        """Show what is being done now, if anybody watches."""
        if self._status:
            self._status.update(Text(text))

    def finish(self, how: str, notes: Sequence[str]) -> None:
        """Say how a variant ended."""
        self.rest()
        self.say(f"  {how} after {self._last_s:.1f} s" if self._last_s else f"  {how}")
        for note in notes:
            self.say(f"  note: {note}")

    def rest(self) -> None:
        """Take the line of status away."""
        if self._status:
            self._status.stop()
            self._status = None

    def say(self, *texts: str | Text) -> None:
        """Print one line."""
        self._console.print(Text.assemble(*texts))

    def table(self, title: str, table: Table) -> None:
        """Print the comparison of the variants."""
        drawn = RichTable(title=title, box=box.SIMPLE, title_justify="left")
        for number, heading in enumerate(table.headings):
            drawn.add_column(heading, justify="left" if number < 3 else "right")
        for row in table.rows:
            drawn.add_row(*map(Text, row))
        self._console.print(drawn, soft_wrap=False)
