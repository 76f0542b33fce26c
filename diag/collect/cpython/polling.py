"""Loops that do nothing but look, now and then, whether something has happened.

Which calls such a loop makes when its wait runs out of time is read from the source. If all
of them only ask, pause or tell, nothing in the process changes by it; and if what ends the
loop depends on no clock and no count of its own, it ends only by what others do.
"""

import ast
import functools
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from diag.collect.cpython.harmless import (
    ENDS,
    asks_for_work,
    counts,
    expects_result,
    is_harmless,
    name_of,
)
from diag.collect.cpython.sources import Sources
from diag.collect.redact import mask_text
from diag.model.lock import LockKind
from diag.model.origin import is_library, own_code
from diag.model.stack import Frame
from diag.model.thread import Polling, Thread
from diag.model.wait import Wait, WaitKind

MOST_CHARACTERS = 80
_RAISING = frozenset(("get", "put", "result", "exception"))  # if the time is up; others return
_TIME_IS_UP = frozenset(("Empty", "Full", "TimeoutError", "TimeoutExpired", "Exception"))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def with_polling(pid: int, threads: Iterable[Thread]) -> tuple[Thread, ...]:
    """Return the threads of a process, with stacks, with the loop that they look around in."""
    sources = Sources(pid)
    return tuple(_with_polling(sources, thread) for thread in threads)


def _with_polling(sources: Sources, thread: Thread) -> Thread:
    if thread.wait.kind is WaitKind.LOCK and not thread.wait.timed:
        return msgspec.structs.replace(thread, entering=_is_entering(sources, thread))
    if not _pauses(thread.wait):
        return thread
    frames = thread.stack.frames if thread.stack is not None else ()
    own = own_code(frames)
    inner = frames[: frames.index(own[0])] if own else ()
    if not own or not all(map(is_library, inner)):
        return thread
    tree = sources.parsed(own[0].file)
    found = polling_at(tree, own[0], inner[-1] if inner else None) if tree is not None else None
    return msgspec.structs.replace(thread, polling=found) if found is not None else thread


def _pauses(wait: Wait) -> bool:
    """Whether it is a wait of the program's own choice, and ends by itself."""
    if wait.kind is not WaitKind.LOCK:
        return wait.kind is WaitKind.SLEEP
    return wait.timed and (wait.lock is None or wait.lock.kind is not LockKind.GIL)


def _is_entering(sources: Sources, thread: Thread) -> bool:
    """Whether a thread waits to enter a `with`: the library takes its own locks so."""
    frames = thread.stack.frames if thread.stack is not None else ()
    if not frames or is_library(frames[0]):
        return bool(frames)
    tree = sources.parsed(frames[0].file)
    return tree is not None and enters_at(tree, frames[0].line)


def enters_at(tree: ast.Module, line: int) -> bool:
    """Return whether a `with` begins in a line, and nothing in it calls acquire()."""
    found = [each for each in ast.walk(tree) if getattr(each, "lineno", None) == line]
    calls = (each for each in found if isinstance(each, ast.Call))
    return any(isinstance(each, ast.With) for each in found) and not any(
        name_of(call) == "acquire" for call in calls
    )


def polling_at(tree: ast.Module, frame: Frame, waits_in: Frame | None) -> Polling | None:
    """Return the loop that a frame looks around in, None if it does anything else.

    Args:
        tree: source of the frame's file.
        frame: it waits.
        waits_in: the function of the library that it calls for it, None if that is none of Python.

    """
    loop = _loop_at(tree, frame.line, frame.bare_name)
    if loop is None:
        return None
    try:
        turn = [*_turn(loop.body, frame.line, raises=_raises(waits_in))]
    except _LeavesError:
        return None
    parts: list[ast.AST] = [loop.test, *turn]
    conditions = [loop.test, *(test for part in turn for test in _ways_out(part))]
    conditions = [each for each in conditions if not isinstance(each, ast.Constant)]
    if not all(is_harmless(part, frame.line) for part in parts) or counts(parts, conditions):
        return None
    if _raises(waits_in):
        conditions += _calls_at(loop, frame.line, waits_in)
    return Polling(
        line=loop.lineno,
        condition=mask_text(" / ".join(map(ast.unparse, conditions)))[:MOST_CHARACTERS] or None,
        for_work=any(map(asks_for_work, conditions)),
        for_result=any(map(expects_result, conditions)),
    )


def _calls_at(loop: ast.While, line: int, waits_in: Frame | None) -> list[ast.expr]:
    return [
        node
        for node in ast.walk(loop)
        if isinstance(node, ast.Call)
        and waits_in is not None
        and name_of(node) == waits_in.bare_name
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]


class _LeavesError(Exception):
    """The loop ends when the time is up."""


@functools.lru_cache(maxsize=128)  # the workers of a pool mostly stand at one line
def _loop_at(tree: ast.Module, line: int, function: str) -> ast.While | None:
    """Return the innermost loop around a line of a function."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (*_FUNCTIONS, ast.While, ast.For, ast.ClassDef, ast.Lambda))
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    around.sort(key=lambda node: (node.lineno, -(node.end_lineno or 0)))
    functions = [node for node in around if isinstance(node, _FUNCTIONS)]
    name = functions[-1].name if functions else "<module>"
    loops = [n for n in around if isinstance(n, ast.While)]
    if not loops or name != function or isinstance(around[-1], (ast.Lambda, ast.ClassDef)):
        return None
    inside = not functions or functions[-1].lineno <= loops[-1].lineno
    return loops[-1] if inside else None


def _raises(waits_in: Frame | None) -> bool:
    if waits_in is None:
        return False
    return waits_in.bare_name in _RAISING or waits_in.file.endswith("/subprocess.py")


def _turn(body: Sequence[ast.stmt], line: int, *, raises: bool) -> Iterator[ast.stmt]:
    """Yield the statements of a turn in which the wait in a line runs out of time.

    Raises:
        _LeavesError: such a turn is the last.

    """
    for statement in body:
        waits = raises and statement.lineno <= line <= (statement.end_lineno or statement.lineno)
        if isinstance(statement, ENDS):
            raise _LeavesError
        if isinstance(statement, ast.Continue):
            return
        if isinstance(statement, ast.Try) and not waits:
            handlers = (each for each in statement.handlers if not _is_for_the_end(each))
            blocks = (statement.body, statement.orelse, statement.finalbody)
            yield from (each for block in blocks for each in block)
            yield from (each for handler in handlers for each in handler.body)
            continue
        if not waits:
            yield statement
            continue
        if not isinstance(statement, ast.Try):
            raise _LeavesError  # or something that is too rare to be followed
        before = [each for each in statement.body if (each.end_lineno or each.lineno) < line]
        yield from before
        handler = next((each for each in statement.handlers if _handles(each)), None)
        if handler is None:
            raise _LeavesError
        yield from _turn(handler.body, 0, raises=False)
        yield from _turn(statement.finalbody, 0, raises=False)
        if isinstance(handler.body[-1], ast.Continue):
            return


def _ways_out(part: ast.AST) -> Iterator[ast.expr]:
    """Yield the conditions on which a statement leaves the loop."""
    for node in ast.walk(part):
        if isinstance(node, ast.If) and any(isinstance(each, ENDS) for each in ast.walk(node)):
            yield node.test


def _is_for_the_end(handler: ast.ExceptHandler) -> bool:
    """Whether it is for what ends a program: Ctrl-C, sys.exit()."""
    kind = ast.unparse(handler.type) if handler.type is not None else ""
    return "KeyboardInterrupt" in kind or "SystemExit" in kind


def _handles(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = (None if kind is None else ast.unparse(kind).rpartition(".")[2] for kind in kinds)
    return any(name is None or name in _TIME_IS_UP for name in names)
