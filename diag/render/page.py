"""A page of text being written: wrapping, indents and colours; every text is escaped here."""

import io

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from diag.render.escape import visible
from diag.render.options import NARROWEST, Options

Part = str | tuple[str, str]
"""A text, or a text and its style; both may come from the target."""

# What is drawn outside ASCII, and what stands for it where that cannot be shown.
_ASCII = str.maketrans({"└": "`", "─": "-", "│": "|", "├": "|", "…": "..."})


class Page:
    """Lines of text of one width, built from top to bottom."""

    def __init__(self, options: Options) -> None:
        self.width = max(options.width, NARROWEST)
        self._unicode = options.unicode
        self._out = io.StringIO()
        self._console = Console(
            file=self._out,
            width=self.width,
            color_system="standard" if options.colour else None,
            force_terminal=options.colour,
            force_interactive=False,
            legacy_windows=False,
            emoji=False,
            markup=False,
            highlight=False,
            _environ={},
        )

    def line(self, *parts: Part, indent: int = 0, hang: int = 2) -> None:
        """Write one paragraph; its second and later lines are `hang` columns further in."""
        text = self.text(*parts)
        room = self.width - indent
        lines = text.wrap(self._console, room)
        if len(lines) > 1:
            lines = text.wrap(self._console, max(room - hang, 1))
        for number, wrapped in enumerate(lines):
            wrapped.rstrip()
            margin = " " * (indent if number == 0 else indent + hang)
            self._console.print(Text(margin) + wrapped, soft_wrap=True)

    def blank(self) -> None:
        """Write an empty line."""
        self._console.print()

    def heading(self, title: str, note: str = "") -> None:
        """Start a section."""
        self.blank()
        self.line((title, "bold"), (f"  {note}" if note else "", "dim"))

    def table(self, *columns: str, wide: str, rows: list[tuple[Part, ...]]) -> None:
        """Write a table; the column named `wide` takes what room is left."""
        table = Table(header_style="dim", expand=True)
        table.box = box.SIMPLE_HEAD if self._unicode else box.ASCII2
        table.show_edge = table.pad_edge = False
        table.collapse_padding = True
        for name in columns:
            if name == wide:
                table.add_column(name, ratio=1, min_width=self.width // 3, overflow="fold")
            else:
                table.add_column(name, max_width=max(self.width // 3, 8), overflow="fold")
        for row in rows:
            table.add_row(*(self.text(cell) for cell in row))
        self._console.print(table)

    def text(self, *parts: Part) -> Text:
        """Join parts to one escaped text."""
        joined = Text()
        for part in parts:
            text, style = part if isinstance(part, tuple) else (part, "")
            joined.append(visible(text), style or None)
        return joined

    def finish(self) -> str:
        """Return the page."""
        lines = [line.rstrip() for line in self._out.getvalue().splitlines()]
        text = "\n".join(lines) + "\n"
        if self._unicode:
            return text
        return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
