"""What a running thread has in its hands: a digest that stays the same while it makes no progress.

It is made of the frames, of what their variables refer to (`Contents`), and of the
globals of the innermost frame. Nothing of it can be read back from the digest.
"""

import hashlib
import struct

from diag.collect.cpython.callees import hidden_state, is_call
from diag.collect.cpython.contents import Contents
from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.frames import Frame, Frames, FrameUnreadableError
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.places import Places
from diag.collect.memory import MemoryBudgetError, MemoryUnreadableError
from diag.model.thread import Standing

ATTEMPTS = 3
MAX_FRAMES = 500
_LOOKED_INTO = 3  # innermost frames
_PATTERN = "re.Pattern"
_CALL_LOOKS = 5
_ONE_MATCH = frozenset(("match", "prefixmatch", "fullmatch", "search"))  # prefixmatch: 3.15
_DESCRIPTOR_METHOD = 40  # PyMethodDescrObject: d_method (Include/cpython/descrobject.h)
_RE_FILES = ("/re.py", "/re/__init__.py")


class StandingReader:
    """Reads the running threads of one process."""

    def __init__(self, interior: Interior, layout: FrameLayout) -> None:
        self._interior = interior
        self._contents = Contents(interior, layout)
        self._values = self._contents.values
        self._frames = Frames(interior.memory, interior.types, layout)
        self._places = Places(interior.memory, self._values, layout, interior.version)

    def read(self, state: int) -> Standing | None:
        """Return the digest of a thread, None if it moves on while it is read.

        Raises:
            MemoryBudgetError: the process has used up what it was allowed.

        """
        before: Standing | None = None
        for _ in range(ATTEMPTS):
            try:
                now = self._read_once(state)
            except MemoryBudgetError:
                raise
            except (MemoryUnreadableError, FrameUnreadableError):
                continue
            if now == before:
                return now
            before = now
        return None

    def _read_once(self, state: int) -> Standing:
        found: list[Frame] = []
        for frame in self._frames.of(state):
            found.append(frame)
            if len(found) > MAX_FRAMES:
                raise FrameUnreadableError("too many frames")
        if not found:
            raise FrameUnreadableError("no frames")
        contents = self._contents
        digest = hashlib.blake2b(digest_size=16)
        for number, frame in enumerate(found):
            words = contents.locals(frame)
            digest.update(
                struct.pack(f"<{len(words) + 2}Q", frame.address, frame.code.address, *words)
            )
            if number < _LOOKED_INTO:
                for part in contents.inside(words):
                    digest.update(part)
        for part in contents.inside(contents.globals(found[0])):
            digest.update(part)
        return Standing(
            digest=digest.hexdigest(),
            matching=self._is_matching(found[0]),
            calling=self._is_calling(found[0]),
        )

    def _is_matching(self, frame: Frame) -> bool:
        """Whether its innermost frame hands a text to a regular expression for one match.

        What makes many matches of one text gets on from one to the next, unseen.
        """
        if self._places.file_of(frame).endswith(_RE_FILES):
            return frame.code.name in _ONE_MATCH
        slots = [slot for slot in self._contents.slots(frame) if slot]
        return any(self._values.is_a(slot, _PATTERN) for slot in slots) and any(
            self._method_name(slot) in _ONE_MATCH for slot in slots
        )

    def _method_name(self, address: int) -> str | None:
        """Return the name of a method descriptor (d_method->ml_name), None for anything else."""
        if not self._values.is_a(address, "method_descriptor"):
            return None
        memory = self._interior.memory
        return memory.c_string(memory.u64(memory.u64(address + _DESCRIPTOR_METHOD)), limit=16)

    def _is_calling(self, frame: Frame) -> bool:
        """Whether it may be in a call: then its progress may be where it is not looked for.

        An iterator beneath a `for` is taken for a call, too, and so is work on an object
        whose state is hidden: an operator on an array needs no call.
        """
        for _ in range(_CALL_LOOKS):
            slots = self._contents.slots(frame)
            bottom = next((slot for slot in slots if slot), 0)
            kind = self._values.type_of(bottom) if bottom else None
            if kind is not None and is_call(kind):
                return True
            if hidden_state(self._values, slots) is not None:
                return True
        return False
