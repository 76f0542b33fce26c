"""Which frame of a stack a user should look at."""

import re

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
    if stack is None or not stack.frames:
        return None
    own = [frame for frame in stack.own_frames if not is_library(frame)]
    mine = [frame for frame in own if not is_installed(frame)]
    shown = mine or own or list(stack.own_frames) or list(stack.frames)
    return next((frame for frame in shown if not _is_part(frame)), shown[0])


def _is_part(frame: Frame) -> bool:
    """Return whether a frame is a comprehension's: before 3.12 they had frames of their own."""
    return frame.bare_name in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


def place(frame: Frame) -> str:
    """Return a frame in words: "handle_order (shop/orders.py:41)"."""
    file = frame.short_file or frame.file
    return f"{frame.function} ({file}:{frame.line})"
