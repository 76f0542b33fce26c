"""Data for the page's own scripts, inside a `<script type="application/json">`."""

import msgspec

# A script's text ends at "</script" and begins a state of its own at "<!--"; the two
# separators are line ends in old JavaScript. Escaped, JSON means the same.
_ESCAPES = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)


def embed(value: object) -> str:
    """Return a value as JSON that can do nothing to the script element around it."""
    text = msgspec.json.encode(value).decode("utf-8", "backslashreplace")
    return text.translate(_ESCAPES)
