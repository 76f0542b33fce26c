"""Every format that exists, by the name that `--format` takes.

A renderer is loaded when it is first used, so that listing the names costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from diag.model.report import Report
    from diag.render.options import Options

    Renderer = Callable[[Report, Options], str]

FORMATS: Mapping[str, str] = {
    "terminal": "diag.render.terminal",
    "json": "diag.render.json",
    "markdown": "diag.render.markdown",
    "junit": "diag.render.junit",
    "sarif": "diag.render.sarif",
    "github": "diag.render.github",
    "html": "diag.render.html",
}
DUMP_FORMATS: Mapping[str, str] = {**FORMATS, "terminal": "diag.render.dump"}


def renderer(formats: Mapping[str, str], name: str) -> Renderer:
    """Load the `render` function of a format."""
    return cast("Renderer", import_module(formats[name]).render)
