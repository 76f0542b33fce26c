"""The recording of a look or a watch: written as it goes, and never larger than its limit.

Each line is one write to the file, so whoever kills diag loses at most the line that was
being written. When the file reaches its limit it is thinned into a new one that takes its
place at once: a reader always finds a whole recording.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from diag.errors import UsageError
from diag.model.codec import Line, encode_line
from diag.model.recording import Header
from diag.model.snapshot import Snapshot

DEFAULT_LIMIT_BYTES = 20 << 20
_THINNED_TO = 0.5  # of the limit


class RecordError(UsageError):
    """The recording cannot be written, or not completely."""


class _Entry(NamedTuple):
    """One line of the file: a look and what confirms it have the same group."""

    size: int
    group: object
    kept: bool


class Recorder:
    """Writes a recording to a file; without a path it takes no notice.

    A disk that fills up spoils nothing that is seen: the failure is kept for `check`.

    Raises:
        RecordError: on entering, the file cannot be opened.

    """

    def __init__(self, path: Path | None, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self._path, self._limit = path, limit_bytes
        self._file: IO[bytes] | None = None
        self._failure: OSError | None = None
        self._entries: list[_Entry] = []
        self._bytes = 0
        self._written = 0
        self._last_look: object = None

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = self._path.open("wb", buffering=0)
            except OSError as error:
                raise RecordError(f"cannot write {self._path}: {error.strerror}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, record: Line) -> None:
        """Write one record."""
        if self._file is None or self._failure is not None:
            return
        line = encode_line(record)
        group = _group(record, self._written)
        self._written += 1
        if isinstance(record, Snapshot):
            self._last_look = group
        self._entries.append(_Entry(len(line), group, kept=isinstance(record, Header)))
        self._bytes += len(line)
        try:
            _write_all(self._file, line)
            if self._bytes > self._limit and self._path is not None and self._path.is_file():
                self._thin(self._path)
        except OSError as error:
            self._failure = error

    def keep_last_look(self) -> None:
        """Let the last look survive thinning for longer: something new was found in it."""
        self._entries = [
            entry._replace(kept=True) if entry.group == self._last_look else entry
            for entry in self._entries
        ]

    def check(self) -> None:
        """Say whether everything was written.

        Raises:
            RecordError: it was not.

        """
        if self._failure is not None:
            raise RecordError(f"{self._path} is incomplete: {self._failure.strerror}")

    def _thin(self, path: Path) -> None:
        """Write the file anew with fewer lines."""
        dropped = self._choose()
        draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        kept: list[_Entry] = []
        with path.open("rb") as old, draft.open("wb") as new:
            for entry, line in zip(self._entries, old, strict=False):
                if entry.group not in dropped:
                    new.write(line)
                    kept.append(entry)
        thinned = draft.open("ab", buffering=0)
        draft.replace(path)
        if self._file is not None:
            self._file.close()
        self._file, self._entries = thinned, kept
        self._bytes = sum(entry.size for entry in kept)

    def _choose(self) -> set[object]:
        """Choose groups to drop: every second one, over and over, those with findings last."""
        dropped: set[object] = set()
        left = self._bytes
        sizes: dict[object, int] = {}
        for entry in self._entries:
            sizes[entry.group] = sizes.get(entry.group, 0) + entry.size
        precious = {entry.group for entry in self._entries if entry.kept}
        spared = {self._entries[0].group, self._last_look}
        for candidates in (
            [group for group in sizes if group not in precious | spared],
            [group for group in sizes if group in precious - spared],
        ):
            while candidates and left > self._limit * _THINNED_TO:
                every_second = candidates[::2]
                dropped.update(every_second)
                left -= sum(sizes[group] for group in every_second)
                candidates = candidates[1::2]
        return dropped


def _group(record: Line, number: int) -> object:
    if isinstance(record, Snapshot):
        return ("look", record.confirms_s or record.started_s)
    return ("line", number)


def _write_all(file: IO[bytes], line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[file.write(rest) :]
