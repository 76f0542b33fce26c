"""What every page carries: styles, scripts with their licences, and the policy that binds them.

The content security policy allows these very texts, by their hashes, and nothing else: no
network, no other script, no style from an attribute, no form.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from markupsafe import Markup

_STYLES = ("vendor/uPlot.min.css", "static/report.css")
# A library with its licence, then the page's own scripts.
_SCRIPTS = (
    ("vendor/uPlot.iife.min.js", "vendor/uPlot.LICENSE"),
    ("vendor/dagre.min.js", "vendor/dagre.LICENSE"),
    ("static/graph.js", None),
    ("static/charts.js", None),
    ("static/page.js", None),
)


@cache
def styles() -> Markup:
    """Return the text of the style element."""
    return _inline("\n".join(map(_read, _STYLES)), "</style")


@cache
def scripts() -> tuple[Markup, ...]:
    """Return the texts of the script elements, in order."""
    return tuple(_inline(_with_licence(*script), "</script") for script in _SCRIPTS)


@cache
def security_policy() -> str:
    """Return the content of the Content-Security-Policy meta element."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts()))}",
            f"style-src {_hash(styles())}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _with_licence(script: str, licence: str | None) -> str:
    if licence is None:
        return _read(script)
    return f"/*!\n{_read(licence).strip()}\n*/\n{_read(script)}"


def _read(name: str) -> str:
    return files("diag.render.html").joinpath(name).read_text("utf-8")


def _inline(text: str, end: str) -> Markup:
    """Mark a text of this package as what it is; it must not end its own element."""
    if end in text.lower():
        raise ValueError(f"an asset holds {end!r}")
    return Markup(f"\n{text.strip()}\n")  # noqa: S704 - files of this package, none of a target


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
