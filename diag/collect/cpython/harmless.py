"""Which code changes nothing in its process: it only asks, pauses or tells, as its source reads.

Functions are known by their names, and a program's own may be called so too: no proof.
"""

import ast
import re
from collections.abc import Iterator, Sequence

_ASKS = re.compile(
    "is_alive|isAlive|done|running|ready|empty|full|qsize|locked|len|poll|enumerate"
    "|active_count|activeCount"
)
_TELLS = re.compile(
    "is_set|isSet|join|result|sleep|debug|info|warning|error|log|items|keys|values|format"
    "|current_thread|main_thread|getpid"
)
_BUILT_IN = re.compile(
    "print|any|all|sum|list|tuple|set|sorted|bool|isinstance|str|repr|range|zip|len|enumerate"
)
_PAUSES = re.compile("wait|acquire")  # only where it is what the thread is in: they may act as well
_STREAMS = ("sys.stdout.", "sys.stderr.")
ENDS = (ast.Break, ast.Return, ast.Raise)
_STATEMENTS = (
    ast.Expr,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.If,
    ast.For,
    ast.With,
    ast.Try,
    ast.Pass,
    ast.Continue,
    *ENDS,
)
_NEVER = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Lambda)


def is_harmless(part: ast.AST, line: int) -> bool:
    """Return whether a part of a function only asks, tells, or pauses in a line, by its names."""
    compared = {
        node.left
        for node in ast.walk(part)
        if isinstance(node, ast.Compare) and _is_none(node.comparators[0])
    }
    for node in ast.walk(part):
        if isinstance(node, _NEVER):
            return False
        if isinstance(node, ast.stmt) and not isinstance(node, _STATEMENTS):
            return False
        if isinstance(node, ast.With) and not _is_for_wait(node, line):
            return False  # whoever waits for what it gives back in each turn is helped
        if not isinstance(node, ast.Call):
            continue
        pauses = node.lineno <= line <= (node.end_lineno or node.lineno)
        if pauses and _PAUSES.fullmatch(name_of(node)):
            continue
        if not _calls_nothing_else(node, compared=node in compared):
            return False
    return True


def _is_for_wait(entered: ast.With, line: int) -> bool:
    """Whether a `with` is there for wait() in a line, as that of a Condition."""
    objects = {ast.unparse(item.context_expr) for item in entered.items}
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "wait"
        and node.lineno <= line <= (node.end_lineno or node.lineno)
        and objects == {ast.unparse(node.func.value)}
        for node in ast.walk(entered)
    )


def _calls_nothing_else(call: ast.Call, *, compared: bool) -> bool:
    """Whether a call only asks, pauses or tells."""
    name = name_of(call)
    if name == "poll":
        # Popen.poll() gives None or a status; that of a connection may get something from outside
        return compared and not call.args
    if isinstance(call.func, ast.Name):
        to_file = any(keyword.arg == "file" for keyword in call.keywords)
        known = any(names.fullmatch(name) for names in (_BUILT_IN, _ASKS, _TELLS))
        return known and not (to_file and name == "print")
    told = ast.unparse(call.func).startswith(_STREAMS)
    known = any(names.fullmatch(name) for names in (_ASKS, _TELLS))
    return known or (told and name in ("write", "flush"))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def name_of(call: ast.Call) -> str:
    """Return the name of the function or method that is called, "" for any other expression."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def counts(parts: Sequence[ast.AST], conditions: Sequence[ast.expr]) -> bool:
    """Return whether what a turn makes of what it has itself may end the loop."""
    asked = {name for each in conditions for name in _read(each)}
    return any(
        not asked.isdisjoint(_made_of_its_own(node)) for part in parts for node in ast.walk(part)
    )


def _made_of_its_own(node: ast.AST) -> set[str]:
    """Return the names that a statement gives a value neither fixed nor asked for."""
    if isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        return set(_read(node.target))
    if not isinstance(node, ast.Assign) or isinstance(node.value, ast.Constant):
        return set()
    names = {name for target in node.targets for name in _read(target)}
    asks = any(isinstance(each, ast.Call) for each in ast.walk(node.value))
    return names & set(_read(node.value)) if asks else names


def _read(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, (ast.Name, ast.Attribute)):
            yield ast.unparse(each)


def asks_for_work(condition: ast.expr) -> bool:
    """Return whether a condition asks whether others have done something."""
    calls = (node for node in ast.walk(condition) if isinstance(node, ast.Call))
    return any(_ASKS.fullmatch(name_of(call)) or name_of(call) == "acquire" for call in calls)


def expects_result(condition: ast.expr) -> bool:
    """Return whether a condition asks for a result, or whether what was to be done is done."""
    nodes = list(ast.walk(condition))
    refused = {node.operand for node in nodes if isinstance(node, ast.UnaryOp)}
    names = ((name_of(node), node in refused) for node in nodes if isinstance(node, ast.Call))
    return any(name in ("done", "ready") or (name == "empty" and no) for name, no in names)
