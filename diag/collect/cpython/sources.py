"""Which locks a function has taken by acquire() before the line it stands at, by its source.

The statements before the line are followed in their order, as if each had been executed.
What happened in a branch that ended before the line is left open, unless the branch leaves
the function or the loop: then the line would not have been reached by it.
"""

import ast
import functools
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from diag.collect.memory import PROC

MAX_BYTES = 1 << 20
_TAKES, _GIVES = "acquire", "release"
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)

Names = tuple[str, ...]


class Acquired(NamedTuple):
    """A call of acquire(): on what, ("self", "_lock"), and in which line."""

    names: Names
    line: int


def acquired_before(
    pid: int, file: str, function: str, first_line: int, line: int, *, proc_root: Path = PROC
) -> tuple[Acquired, ...]:
    """Return what a function took and did not give back before a line, as its text stands.

    Args:
        pid: of the process, whose view of the files counts.
        file: of the code, as the interpreter knows it.
        function: the code's name, without its class.
        first_line: of the code: of the first decorator, if it has some.
        line: where it stands.
        proc_root: where `/proc` is.

    Returns:
        Nothing too if the source cannot be read, or has no such function there.

    """
    tree = _parsed(pid, file, proc_root)
    body = _find(tree, function, first_line) if tree is not None else None
    return taken_before(body, line) if body is not None else ()


def taken_before(body: Sequence[ast.stmt], line: int) -> tuple[Acquired, ...]:
    """Return what statements took and did not give back before a line."""
    taken: dict[Names, int] = {}
    _follow(body, line, taken)
    return tuple(Acquired(names, at) for names, at in taken.items())


def _find(tree: ast.Module, function: str, first_line: int) -> Sequence[ast.stmt] | None:
    if function == "<module>":
        return tree.body
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == function:
            lines = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
            if min(lines) == first_line:
                return node.body
    return None


def _follow(statements: Sequence[ast.stmt], line: int, taken: dict[Names, int]) -> None:
    for statement in statements:
        if statement.lineno > line:
            return
        blocks = list(_blocks(statement))
        if isinstance(statement, (ast.If, ast.While)):
            _note(statement.test, line, taken)
        elif not blocks:
            _note(statement, line, taken)
        for block, always in blocks:
            (_follow if always else _follow_branch)(block, line, taken)


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


def _follow_branch(branch: Sequence[ast.stmt], line: int, taken: dict[Names, int]) -> None:
    if not branch or branch[0].lineno > line:
        return
    if line <= (branch[-1].end_lineno or branch[-1].lineno):
        _follow(branch, line, taken)
    elif not isinstance(branch[-1], _JUMPS):
        for statement in branch:
            for names, _ in _operations(statement):
                taken.pop(names, None)  # it may have been given back, or not been taken


def _note(node: ast.AST, line: int, taken: dict[Names, int]) -> None:
    for names, call in _operations(node):
        if (call.end_lineno or call.lineno) >= line:
            continue
        taken.pop(names, None)
        if _surely_takes(call):
            taken[names] = call.lineno


def _surely_takes(call: ast.Call) -> bool:
    """Whether it is an acquire() that returns only with the lock."""
    function = call.func
    blocking = not call.args and not call.keywords
    return isinstance(function, ast.Attribute) and function.attr == _TAKES and blocking


def _operations(node: ast.AST) -> Iterator[tuple[Names, ast.Call]]:
    """Yield the calls of acquire() and release() in a statement, with what they are called on."""
    if isinstance(node, _INNER):
        return
    for child in ast.iter_child_nodes(node):
        yield from _operations(child)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        names = _names(node.func.value)
        if names and node.func.attr in (_TAKES, _GIVES):
            yield names, node


def _names(node: ast.expr) -> Names:
    """Return the names of "self.account.lock", nothing for any other expression."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute) and (before := _names(node.value)):
        return (*before, node.attr)
    return ()


def _parsed(pid: int, file: str, proc_root: Path) -> ast.Module | None:
    base = proc_root / str(pid)
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
    try:
        return ast.parse(place.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # of another version's grammar, or no source at all
