"""The Pythons that scenarios are run with."""

import functools
import subprocess
import sys
from collections.abc import Sequence

from diag.errors import UsageError
from diag.model.base import Record

ASK_DEADLINE_S = 20.0
_LACKS = (
    "import sys, importlib.util as u;"
    " print(*[each for each in sys.argv[1:] if u.find_spec(each) is None])"
)
_ASK = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


class Interpreter(Record, frozen=True):
    """A Python to run a scenario with.

    Attributes:
        command: what stands before the script: a path, or more than one word
            (`chroot DIR python3.14`).
        version: "3.11.7".

    """

    command: tuple[str, ...]
    version: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as numbers."""
        return tuple(map(int, self.version.split(".")))


def ask(command: Sequence[str] = (sys.executable,)) -> Interpreter:
    """Return the Python behind a command, or raise UsageError if it runs none."""
    try:
        answer = subprocess.run(
            [*command, "-c", _ASK],
            capture_output=True,
            text=True,
            check=True,
            timeout=ASK_DEADLINE_S,
        ).stdout.strip()
    except OSError as error:
        raise UsageError(f"{' '.join(command)}: {error.strerror}") from error
    except subprocess.SubprocessError as error:
        raise UsageError(f"{' '.join(command)}: does not run Python code") from error
    if answer.count(".") != 2:
        raise UsageError(f"{' '.join(command)}: is not a Python 3")
    return Interpreter(command=tuple(command), version=answer)


@functools.cache
def lacking_modules(python: Interpreter, modules: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the top-level modules that a Python cannot import, without importing any."""
    if not modules:
        return ()
    answer = subprocess.run(
        [*python.command, "-c", _LACKS, *modules],
        capture_output=True,
        text=True,
        check=True,
        timeout=ASK_DEADLINE_S,
    )
    return tuple(answer.stdout.split())
