"""Quantities in words."""

from collections.abc import Sequence

_BINARY = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def in_bytes(count: int) -> str:
    """Return a size with the unit that suits it: "130 MiB"."""
    size = float(count)
    for unit in _BINARY:
        if size < 1024 or unit == _BINARY[-1]:
            break
        size /= 1024
    return f"{size:.3g} {unit}" if size < 1000 else f"{size:.0f} {unit}"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Return a number with its noun: "1 process", "2 processes"."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def capped(items: Sequence[str], most: int, *, separator: str = ", ") -> str:
    """Join at most `most` items, and say how many more there are."""
    if len(items) <= most:
        return separator.join(items)
    return separator.join(items[:most]) + f" and {len(items) - most} more"
