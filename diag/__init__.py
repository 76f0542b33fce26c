"""diag tells why a tree of Python processes is stuck, slow or dying: from outside, with proof."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diag.api import Watch, WatchError, allow_attach, diagnose, fails, snapshot, watch

__all__ = [
    "Watch",
    "WatchError",
    "__version__",
    "allow_attach",
    "diagnose",
    "effective_cpus",
    "fails",
    "snapshot",
    "watch",
]

__version__ = "0.1.0"


def effective_cpus() -> float | None:
    """Return how many CPUs' worth of time this process can get, such as 0.5 or 4.

    The tightest of its CPU affinity and of every control group quota on the way up, which
    `os.cpu_count()` and `os.process_cpu_count()` do not see. None if nothing is known.
    """
    import os

    from diag.collect.limits import read_limits

    return read_limits(os.getpid()).effective_cpus


def __getattr__(name: str) -> Any:
    """Load the public interface when it is first used: `diag --version` needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("diag.api"), name)
