"""Files that may never answer, as on a dead server: read in a thread that can be left behind."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Patience:
    """Waits for a read until its deadline, and leaves it where it is then.

    A read of a file system that does not answer cannot be ended from here. One at most is left
    behind: while it has not come back, none is begun. It ends with diag at the latest.
    """

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._left: threading.Thread | None = None

    def read(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises.

        Raises:
            TimeoutError: it has not come back in time, or an earlier one has not yet.

        """
        if self._left is not None and self._left.is_alive():
            raise TimeoutError("an earlier read has not come back")
        answers: list[T] = []
        failures: list[Exception] = []

        def run() -> None:
            try:
                answers.append(work())
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                failures.append(error)

        thread = threading.Thread(target=run, name="diag-reads-a-file", daemon=True)
        thread.start()
        thread.join(self._deadline_s)
        if failures:
            raise failures[0]
        if not answers:
            self._left = thread
            raise TimeoutError(f"no answer in {self._deadline_s:g} s")
        return answers[0]
