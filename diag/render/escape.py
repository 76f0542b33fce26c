"""The one place where text from targets is made safe for a terminal."""

import unicodedata

# Control and format characters (escape codes, line ends, bidirectional overrides,
# zero-width characters), lone surrogates, private and unassigned code points, and
# the two separators that terminals may treat as line ends.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    r"""Return `text` on one line, every character that could act on a terminal spelled out.

    An escape becomes `\x1b`, a line end `\n`, a right-to-left override `\u202e`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spell(character) for character in text)


def visible_ascii(text: str) -> str:
    r"""Like `visible`, with every character outside ASCII spelled out as well."""
    return visible(text).encode("ascii", "backslashreplace").decode("ascii")


def _spell(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if unicodedata.category(character) not in _UNSAFE_CATEGORIES:
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
