"""The file that a recording is written to while it is made."""

from pathlib import Path
from types import TracebackType
from typing import IO, Self

from diag.cli.output import OutputError


class Recorder:
    """Writes each line at once, so that a look that is cut off leaves what it saw.

    A disk that fills up does not spoil the look: the failure is kept for `check`.

    Raises:
        OutputError: on entering, the file cannot be opened.

    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._failure: OSError | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = self._path.open("wb", buffering=0)
            except OSError as error:
                raise OutputError(f"cannot write {self._path}: {error.strerror}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, line: bytes) -> None:
        """Write one line, if there is a file."""
        if self._file is None or self._failure is not None:
            return
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._failure = error

    def check(self) -> None:
        """Say whether everything was written.

        Raises:
            OutputError: it was not.

        """
        if self._failure is not None:
            raise OutputError(f"{self._path} is incomplete: {self._failure.strerror}")
