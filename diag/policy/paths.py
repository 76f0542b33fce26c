"""Paths as readers need them: relative to the project, "~" for a home directory.

Shorter, and safe to show: the name of a user and the place of a checkout say nothing about
a hang.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from diag.model.report import Report

# What may stand before a path, and after the folder that is cut off.
_BEFORE = r"(?<![\w./~-])"
_AFTER = r"(?=[\s\"',;:)\]]|$)"


def shorten(report: Report, *, project: str | None, homes: Iterable[str]) -> Report:
    """Return the report with the paths in all its texts shortened.

    Paths of files in the project lose its folder, others that of a home directory.
    """
    cuts = [(folder, "~") for folder in homes]
    if project is not None:
        cuts.insert(0, (project, "."))
    cuts = [(folder.rstrip("/"), mark) for folder, mark in cuts if folder.rstrip("/")]
    if not cuts:
        return report
    rewrite = _rewriter(cuts)
    return msgspec.convert(_walk(msgspec.to_builtins(report), rewrite), Report)


def _rewriter(cuts: list[tuple[str, str]]) -> Callable[[str], str]:
    marks = dict(cuts)
    folders = "|".join(re.escape(folder) for folder in marks)
    pattern = re.compile(f"{_BEFORE}({folders})(?:(/)(?=[^/])|/?{_AFTER})")

    def replace(found: re.Match[str]) -> str:
        mark = marks[found[1]]
        if found[2] is None:
            return mark
        return "" if mark == "." else f"{mark}/"

    return lambda text: pattern.sub(replace, text)


def _walk(value: Any, rewrite: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, dict):
        return {key: _walk(item, rewrite) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(item, rewrite) for item in value]
    return value
