"""The variables of a frame, and what their attributes lead to.

Names (Include/cpython/code.h, measured): `co_varnames`, `co_cellvars` and `co_freevars`
up to 3.10, in the order of the slots; later `co_localsplusnames`.
"""

import struct
from collections.abc import Iterator

from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.frames import Frame
from diag.collect.cpython.layout import OBJECT_TYPE, TYPE_BASE
from diag.collect.cpython.slots import slot_of
from diag.collect.cpython.typenames import MAX_BASES
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory

MAX_VARIABLES = 500
_TYPE_DICT = TYPE_BASE + 8
_TAG = 0b111
_VARIABLES, _CELLS, _FREE = 72, 88, 80  # up to 3.10


class Scope:
    """Looks names up in the frames of one process.

    Raises:
        MemoryUnreadableError: from any method: something could not be read.

    """

    def __init__(
        self, memory: Memory, values: Values, layout: FrameLayout, version: tuple[int, int]
    ) -> None:
        self._memory = memory
        self._values = values
        self._layout = layout
        self._version = version
        self._names: dict[int, tuple[str | None, ...]] = {}
        self._used: dict[int, frozenset[str]] = {}

    def variables(self, frame: Frame) -> dict[str, int]:
        """Return the objects of a frame's local and closure variables by name.

        Variables without a value, and names that cannot be read, are left out.
        """
        names = self._names_of(frame.code.address)
        data = self._memory.read(frame.address + self._layout.locals, 8 * len(names))
        found = {}
        for name, (word,) in zip(names, struct.iter_unpack("<Q", data), strict=True):
            address = self._values.unwrapped(word & ~_TAG)
            if name is not None and address:
                found[name] = address
        return found

    def resolve(self, frame: Frame, path: tuple[str, ...]) -> int | None:
        """Return what a name with attributes, ("self", "_lock"), stands for in a frame."""
        name, *attributes = path
        address = self.variables(frame).get(name)
        if address is None:
            address = self._values.entry(frame.globals, name)
        return self.follow(address, tuple(attributes))

    def follow(self, address: int | None, path: tuple[str, ...]) -> int | None:
        """Return what is at the end of a path of attributes."""
        for name in path:
            address = self.attribute(address, name) if address is not None else None
        return address

    def attribute(self, address: int, name: str) -> int | None:
        """Return an attribute of an instance, a class or a module; never what code computes."""
        values = self._values
        if values.is_a(address, "module"):
            namespace = values.namespace(address)
            return values.entry(namespace, name) if namespace else None
        if values.is_a(address, "type"):
            return self.of_class(address, name)
        own = values.attribute(address, name)
        if own is None:
            own = slot_of(self._memory, address, name)
        return own or self.of_class(self._memory.u64(address + OBJECT_TYPE), name)

    def of_class(self, kind: int, name: str) -> int | None:
        """Return an attribute of a class or of its bases, along the first of them."""
        for _ in range(MAX_BASES):
            namespace = self._memory.u64(kind + _TYPE_DICT)
            found = self._values.entry(namespace, name) if namespace else None
            if found is not None:
                return found
            kind = self._memory.u64(kind + TYPE_BASE)
            if not kind:
                break
        return None

    def names_in_class(self, owner: int, address: int) -> Iterator[str]:
        """Yield the names of an object among the attributes of a class, or of an instance's."""
        is_class = self._values.is_a(owner, "type")
        kind = owner if is_class else self._memory.u64(owner + OBJECT_TYPE)
        for _ in range(MAX_BASES):
            facts = self._values.class_at(kind)
            namespace = self._memory.u64(kind + _TYPE_DICT)
            for key, value in (self._values.pairs(namespace) or ()) if namespace else ():
                if value == address and facts is not None:
                    yield f"{facts.name.rpartition('.')[2]}.{self._values.text(key)}"
            kind = self._memory.u64(kind + TYPE_BASE)
            if not kind:
                break

    def names_used(self, code: int) -> frozenset[str]:
        """Return the global names and attributes that a code object uses."""
        if code not in self._used:
            place = code + (64 if self._version < (3, 11) else 32)
            names = self._values.items(self._memory.u64(place))
            self._used[code] = frozenset(filter(None, map(self._values.text, names or ())))
        return self._used[code]

    def code_of(self, function: int) -> int | None:
        """Return the code object of a function in Python, None for anything else."""
        if not self._values.is_a(function, "function"):
            return None
        return self._memory.u64(function + (16 if self._version < (3, 10) else 48))

    def _names_of(self, code: int) -> tuple[str | None, ...]:
        if code not in self._names:
            if self._version < (3, 11):
                places = [code + _VARIABLES, code + _CELLS, code + _FREE]
            else:
                places = [code + self._layout.code_name - 24]
            names = [
                name
                for place in places
                for name in self._values.items(self._memory.u64(place)) or ()
            ]
            self._names[code] = tuple(map(self._values.text, names[:MAX_VARIABLES]))
        return self._names[code]
