"""Which frame of a stack a user should look at."""

from collections.abc import Sequence

from diag.model.origin import INSTALLED, STANDARD_LIBRARY, is_library, own_code
from diag.model.stack import Frame, Stack

__all__ = ["is_library", "place", "user_frame", "user_frame_of"]


def user_frame(stack: Stack | None) -> Frame | None:
    """Return the innermost frame of the user's own code.

    Else the innermost of an installed package, else the innermost of all, None
    for no frames.
    """
    return user_frame_of(stack.own_frames or stack.frames) if stack is not None else None


def user_frame_of(frames: Sequence[Frame]) -> Frame | None:
    """Return the innermost frame of the user's own code, as `user_frame` does."""
    shown = own_code(frames) or frames
    return next((frame for frame in shown if not _is_part(frame)), shown[0] if shown else None)


def _is_part(frame: Frame) -> bool:
    """Return whether a frame is a comprehension's: before 3.12 they had frames of their own."""
    return frame.bare_name in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


def place(frame: Frame) -> str:
    """Return a frame in words: "handle_order (shop/orders.py:41)"."""
    return f"{frame.function} ({frame.short_file or _short(frame.file)}:{frame.line})"


def _short(file: str) -> str:
    """Return a path without the library's folder, as py-spy shortens it."""
    found = STANDARD_LIBRARY.search(file) or INSTALLED.search(file)
    return file[found.end() :] if found else file
