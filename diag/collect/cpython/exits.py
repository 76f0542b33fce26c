"""The objects whose `with` statement a frame is inside of, by its value stack.

While a frame is in the body of `with X`, CPython keeps X's exit on that frame's
value stack: a bound method up to 3.13, the method and the object from 3.14 on.
Only slots that an exception handler would still find count: slots above are not
cleared, and a thread that still waits to enter has its own exit there.
"""

import struct
from collections.abc import Iterator

from diag.collect.cpython.frames import Frame
from diag.collect.cpython.typenames import Types
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory

_BOUND_IN_C = "builtin_function_or_method"  # PyCFunctionObject: m_ml 16, m_self 24
_BOUND = "method"  # PyMethodObject: im_func 16, im_self 24
_UNBOUND_IN_C = "method_descriptor"  # PyMethodDescrObject: d_method 40
_FUNCTION = "function"
_EXIT = "__exit__"


class Exits:
    """Finds the exit methods on the stacks of one process's frames.

    Args:
        memory: of the process.
        types: its types.
        values: its objects.
        version: of the interpreter.

    """

    def __init__(
        self, memory: Memory, types: Types, values: Values, version: tuple[int, int]
    ) -> None:
        self._memory = memory
        self._types = types
        self._values = values
        self._bound = version < (3, 14)
        self._name_of_function = 64 if version < (3, 10) else 32  # PyFunctionObject: func_name

    def entered(self, frame: Frame) -> Iterator[int]:
        """Yield the objects whose exit method is on the live part of a frame's stack.

        Raises:
            MemoryUnreadableError: something there cannot be read.

        """
        for index, slot in enumerate(frame.stack):
            kind = self._types.of(slot) if slot else None
            if kind is None:
                continue
            if self._bound:
                if self._is_bound_exit(kind.name, slot):
                    yield self._memory.u64(slot + 24)
            elif index + 1 < len(frame.stack) and self._is_unbound_exit(kind.name, slot):
                yield frame.stack[index + 1]

    def bound_to_exit(self, address: int) -> int | None:
        """Return what a bound __exit__ is bound to, None if it is none.

        Up to 3.14 ExitStack makes a method of the type's __exit__, also of one in C; from
        3.15 on it asks the type for the bound method.

        Raises:
            MemoryUnreadableError: it cannot be read.

        """
        kind = self._types.of(address)
        if kind is None or kind.name not in (_BOUND, _BOUND_IN_C):
            return None
        owner = self._memory.u64(address + 24)
        if self._is_bound_exit(kind.name, address):
            return owner
        function = self._memory.u64(address + 16)
        inner = self._types.of(function) if kind.name == _BOUND else None
        return owner if inner is not None and self._is_unbound_exit(inner.name, function) else None

    def _is_bound_exit(self, kind: str, slot: int) -> bool:
        if kind == _BOUND_IN_C:
            return self._is_exit_in_c(slot + 16)
        return kind == _BOUND and self._is_exit_in_python(self._memory.u64(slot + 16))

    def _is_unbound_exit(self, kind: str, slot: int) -> bool:
        if kind == _UNBOUND_IN_C:
            return self._is_exit_in_c(slot + 40)
        return kind == _FUNCTION and self._is_exit_in_python(slot)

    def _is_exit_in_c(self, definition: int) -> bool:
        """Return whether a PyMethodDef, whose address is at `definition`, is of __exit__."""
        (name,) = struct.unpack("<Q", self._memory.read(self._memory.u64(definition), 8))
        return self._memory.c_string(name, limit=16) == _EXIT

    def _is_exit_in_python(self, function: int) -> bool:
        if not self._values.is_a(function, _FUNCTION):
            return False
        name = self._memory.u64(function + self._name_of_function)
        return self._values.text(name) == _EXIT
