"""Which calls that take or give back locks a function has made before the line it stands at.

The source is read, and the statements before the line are followed in their order, as if
each had been executed. What a branch did that ended before the line is uncertain, unless it
leaves the function or the loop: then the line would not have been reached by it.
"""

import ast
import functools
import re
import stat
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from diag.collect.memory import PROC
from diag.collect.patience import Patience

MAX_BYTES = 1 << 20
DEADLINE_S = 2.0  # a file of a megabyte that is read and parsed takes a tenth of it
END = sys.maxsize  # a line after all others
# How methods are called that take a lock, or give it back.
OF_LOCKS = re.compile("acquire|release|lock")
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)

Names = tuple[str, ...]


class Call(NamedTuple):
    """A call of a method that may take a lock, or give it back.

    Attributes:
        names: what it is called on: ("self", "_lock").
        method: "acquire".
        line: of the call.
        certain: whether it was made if the line was reached, and without arguments:
            acquire() with some may come back without the lock.

    """

    names: Names
    method: str
    line: int
    certain: bool


_patience = Patience(DEADLINE_S)


class Sources:
    """The sources that a process runs, each read once, as it sees the files.

    Attributes:
        unread: the file that did not answer in time, None if all did: nothing is read after it.

    """

    def __init__(self, pid: int, *, proc_root: Path = PROC) -> None:
        self._base = proc_root / str(pid)
        self._known: dict[str, ast.Module | None] = {}
        self.unread: str | None = None

    def parsed(self, file: str) -> ast.Module | None:
        """Return a file's source, None if it cannot be read or is none.

        Args:
            file: of the code, as the interpreter knows it.

        """
        if file not in self._known and self.unread is None:
            try:
                self._known[file] = _patience.read(lambda: _parsed(self._base, file))
            except TimeoutError:
                self.unread = file
        return self._known.get(file)

    def calls_before(
        self, file: str, function: str, first_line: int, line: int
    ) -> tuple[Call, ...]:
        """Return the calls that a function has made before a line, in their order.

        Args:
            file: of the code, as the interpreter knows it.
            function: the code's name, without its class.
            first_line: of the code: of the first decorator, if it has some.
            line: where it stands, `END` for all of the function.

        Returns:
            Nothing too if the source cannot be read, or has no such function there.

        """
        tree = self.parsed(file)
        body = _find(tree, function, first_line) if tree is not None else None
        return tuple(calls_in(body, line)) if body is not None else ()


@functools.lru_cache(maxsize=512)
def _find(tree: ast.Module, function: str, first_line: int) -> Sequence[ast.stmt] | None:
    if function == "<module>":
        return tree.body
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == function:
            lines = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
            if min(lines) == first_line:
                return node.body
    return None


def calls_in(statements: Sequence[ast.stmt], line: int) -> Iterator[Call]:
    """Yield the calls that statements make before a line."""
    for statement in statements:
        if statement.lineno > line:
            return
        blocks = list(_blocks(statement))
        if isinstance(statement, (ast.If, ast.While)):
            yield from _calls(statement.test, line)
        elif not blocks:
            yield from _calls(statement, line)
        for block, always in blocks:
            yield from calls_in(block, line) if always else _calls_of_branch(block, line)


def _blocks(statement: ast.stmt) -> Iterator[tuple[list[ast.stmt], bool]]:
    """Yield the blocks of a compound statement, and whether each is always executed."""
    match statement:
        case ast.With() | ast.AsyncWith():
            yield statement.body, True
        case ast.Try() | ast.TryStar():
            yield statement.body, True
            yield from ((handler.body, False) for handler in statement.handlers)
            yield statement.orelse, True
            yield statement.finalbody, True
        case ast.If() | ast.While() | ast.For() | ast.AsyncFor():
            yield statement.body, False
            yield statement.orelse, False
        case ast.Match():
            yield from ((case.body, False) for case in statement.cases)


def _calls_of_branch(branch: Sequence[ast.stmt], line: int) -> Iterator[Call]:
    if not branch or branch[0].lineno > line:
        return
    if line <= (branch[-1].end_lineno or branch[-1].lineno):
        yield from calls_in(branch, line)
    elif not isinstance(branch[-1], _JUMPS):
        for statement in branch:
            yield from (call._replace(certain=False) for call in _calls(statement, line))


def _calls(node: ast.AST, line: int) -> Iterator[Call]:
    """Yield the calls in a statement or an expression, not those of functions within."""
    if isinstance(node, _INNER):
        return
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, line)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        names, method = _names(node.func.value), node.func.attr
        if names and OF_LOCKS.search(method) and (node.end_lineno or node.lineno) < line:
            yield Call(names, method, node.lineno, certain=not (node.args or node.keywords))


def _names(node: ast.expr) -> Names:
    """Return the names of "self.account.lock", nothing for any other expression."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute) and (before := _names(node.value)):
        return (*before, node.attr)
    return ()


def _parsed(base: Path, file: str) -> ast.Module | None:
    places = [base / "root" / file.lstrip("/"), Path(file)]
    if not file.startswith("/"):
        places = [base / "cwd" / file]
    for place in places:
        try:
            status = place.stat()
            if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES:
                return _parse(place, (status.st_dev, status.st_ino, status.st_mtime_ns))
        except OSError:
            continue  # another name of the same file may be open to us
    return None


@functools.lru_cache(maxsize=64)
def _parse(place: Path, _identity: tuple[int, int, int]) -> ast.Module | None:
    text = place.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong with the source is not diag's to say
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # of another version's grammar, or no source at all
