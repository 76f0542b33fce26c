"""Reports on hangs as files, written at once: they outlive whatever happens to pytest."""

from pathlib import Path

from diag.cli.output import write_whole
from diag.model.codec import encode_report
from diag.model.report import Report
from diag.render.options import Options
from diag.render.terminal import render

# As pytest does for its cache: nobody wants these in a commit.
_IGNORE = "# Created by diag.\n*\n"


class Evidence:
    """A folder of reports.

    Args:
        folder: made when the first report is written.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def draw(self, report: Report) -> str:
        """Draw a report for people."""
        return render(report, Options())

    def keep(self, pid: int, report: Report, words: str) -> str:
        """Write a report for people and one for machines; return where, or why not."""
        self._count += 1
        name = f"hang-{pid}-{self._count}"
        where = self.keep_text(name, f"{words}\n\n{self.draw(report)}")
        self._write(f"{name}.json", encode_report(report).decode())
        return where

    def drop(self) -> None:
        """Remove the last report: what it says is not sure enough."""
        for path in self._folder.glob(f"hang-*-{self._count}.*"):
            path.unlink(missing_ok=True)

    def keep_text(self, name: str, text: str) -> str:
        """Write a text; return where, or why not."""
        return self._write(f"{name}.txt", text)

    def _write(self, name: str, text: str) -> str:
        path = self._folder / name
        try:
            if not self._folder.exists():
                self._folder.mkdir(parents=True)
                write_whole(self._folder / ".gitignore", _IGNORE)
            write_whole(path, text)
        except OSError as error:
            return f"nowhere: cannot write {path}: {error.strerror}"
        return str(path)
