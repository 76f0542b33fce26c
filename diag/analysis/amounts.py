"""Quantities of findings in words."""

_LEAST = 0.01  # MiB


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it: "40 s", "3 min", "2 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


def plural(count: int, noun: str) -> str:
    """Return a number with its noun: "1 worker", "2 workers"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def mebibytes(count: float) -> str:
    """Return a size in MiB: the unit in which limits are set."""
    size = count / (1 << 20)
    if 0 < size < _LEAST:
        return f"less than {_LEAST} MiB"
    return f"{size:.3g} MiB" if size < 1000 else f"{size:.0f} MiB"
