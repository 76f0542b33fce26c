"""Lines of the project's own code, read where it lies.

A target names its files itself, so a name proves nothing: only Python files that really lie
in the project are read, and only those that are older than the target.
"""

import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from diag.collect.patience import Patience
from diag.collect.redact import mask_text
from diag.model.report import SourceLine

MOST_BYTES = 2 << 20
MOST_CHARACTERS = 200
_patience = Patience(2.0)


def read_sources(
    places: Iterable[tuple[str, int]], project: Path, *, older_than_unix_s: float
) -> Iterator[SourceLine]:
    """Yield the lines at `places`, each once; those that cannot be had are left out.

    Args:
        places: paths relative to the project, and 1-based lines.
        project: absolute path of its folder.
        older_than_unix_s: a file that was changed later may not be what runs.

    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for file, line in places:
        wanted[file].add(line)
    for file, numbers in wanted.items():
        lines = _read(project, file, older_than_unix_s)
        for number in sorted(numbers):
            if 0 < number <= len(lines) and (text := lines[number - 1].strip()):
                yield SourceLine(file=file, line=number, text=mask_text(text[:MOST_CHARACTERS]))


def _read(project: Path, file: str, older_than_unix_s: float) -> list[str]:
    """Return the lines of a file; none if it is not a file of the project as it was started."""
    try:
        return _patience.read(lambda: _lines(project, file, older_than_unix_s))
    except (OSError, ValueError):  # ValueError: a NUL in the name, text that is not UTF-8
        return []


def _lines(project: Path, file: str, older_than_unix_s: float) -> list[str]:
    root = project.resolve()
    path = (root / file).resolve()
    if path.suffix != ".py" or not path.is_relative_to(root):
        return []
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
        return []
    if status.st_mtime > older_than_unix_s:
        return []
    return path.read_text("utf-8").splitlines()
