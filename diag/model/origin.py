"""Whose code a frame is, by its path."""

import re
from collections.abc import Sequence

from diag.model.stack import Frame

# lib/python3.11/..., but not what is installed beneath it
STANDARD_LIBRARY = re.compile(
    r"/(?:lib|lib64)/(?:python|pypy)3(?:\.\d+)?t?/(?!(?:site|dist)-packages/)"
)
INSTALLED = re.compile(r"/(?:site|dist)-packages/")


def is_library(frame: Frame) -> bool:
    """Return whether a frame belongs to the standard library or the interpreter.

    A frame whose file is only its own name is the interpreter's (seen on 3.13).
    """
    if frame.file.startswith("<frozen") or frame.file == frame.function:
        return True
    return bool(STANDARD_LIBRARY.search(frame.file))


def is_installed(frame: Frame) -> bool:
    """Return whether a frame belongs to an installed package."""
    return bool(INSTALLED.search(frame.file))


def own_code(frames: Sequence[Frame]) -> list[Frame]:
    """Return the frames of the user's own code, else those of installed packages.

    Code without a file is the user's only where nothing else is (`python -c`): it may
    have been made by a library (proxies of multiprocessing.managers, dataclasses).
    """
    own = [frame for frame in frames if not is_library(frame)]
    users = [frame for frame in own if not is_installed(frame)]
    return [frame for frame in users if frame.file != "<string>"] or users or own
