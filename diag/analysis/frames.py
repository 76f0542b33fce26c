"""Which frame of a stack a user should look at."""

import re
from collections.abc import Sequence

from diag.model.stack import Frame, Stack

# lib/python3.11/..., but not what is installed beneath it
_STANDARD_LIBRARY = re.compile(
    r"/(?:lib|lib64)/(?:python|pypy)3(?:\.\d+)?t?/(?!(?:site|dist)-packages/)"
)
_INSTALLED = re.compile(r"/(?:site|dist)-packages/")


def is_library(frame: Frame) -> bool:
    """Return whether a frame belongs to the standard library or the interpreter.

    A frame whose file is only its own name is the interpreter's (seen on 3.13).
    """
    if frame.file.startswith("<frozen") or frame.file == frame.function:
        return True
    return bool(_STANDARD_LIBRARY.search(frame.file))


def is_installed(frame: Frame) -> bool:
    """Return whether a frame belongs to an installed package."""
    return bool(_INSTALLED.search(frame.file))


def user_frame(stack: Stack | None) -> Frame | None:
    """Return the innermost frame of the user's own code.

    Else the innermost of an installed package, else the innermost of all, None
    for no frames.
    """
    return user_frame_of(stack.own_frames or stack.frames) if stack is not None else None


def user_frame_of(frames: Sequence[Frame]) -> Frame | None:
    """Return the innermost frame of the user's own code, as `user_frame` does."""
    own = [frame for frame in frames if not is_library(frame)]
    mine = [frame for frame in own if not is_installed(frame)]
    shown = mine or own or frames
    return next((frame for frame in shown if not _is_part(frame)), shown[0] if shown else None)


def _is_part(frame: Frame) -> bool:
    """Return whether a frame is a comprehension's: before 3.12 they had frames of their own."""
    return frame.bare_name in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


def place(frame: Frame) -> str:
    """Return a frame in words: "handle_order (shop/orders.py:41)"."""
    return f"{frame.function} ({frame.short_file or _short(frame.file)}:{frame.line})"


def _short(file: str) -> str:
    """Return a path without the library's folder, as py-spy shortens it."""
    found = _STANDARD_LIBRARY.search(file) or _INSTALLED.search(file)
    return file[found.end() :] if found else file
