"""The names that lead from a frame to an object: variables, their attributes, their items."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from diag.collect.cpython.frames import Frame
from diag.collect.cpython.scope import Scope
from diag.collect.cpython.values import Values

# What is looked into for all names of a process together, and of a namespace.
MAX_OBJECTS, MAX_GLOBALS = 3000, 300
MAX_ITEMS = 500
_SEQUENCES = ("list", "tuple")
_CONTAINERS = (*_SEQUENCES, "dict", "set", "frozenset", "collections.deque")
# Their attributes are no names of the program's.
_FOREIGN = ("module", "type", "function", "method", "builtin_function_or_method", "str", "int")

Named = tuple[str, int]


class Naming:
    """Names the objects of one process.

    Raises:
        MemoryUnreadableError: from any method: something could not be read.

    """

    def __init__(self, values: Values, scope: Scope) -> None:
        self._values = values
        self._scope = scope
        self._left = MAX_OBJECTS
        self._insides: dict[int, tuple[Named, ...]] = {}
        self._modules: dict[int, dict[int, tuple[str, ...]]] = {}

    def telling(self, frame: Frame, address: int) -> tuple[str, ...]:
        """Return names that say where an object belongs; those of the nearest kind only."""
        found = self._module(frame.globals).get(address, ())
        if found and "." not in found[0].partition(" of ")[0]:
            return found
        variables = self._scope.variables(frame)
        classes = (variables[name] for name in ("self", "cls") if name in variables)
        return (
            tuple(name for one in classes for name in self._scope.names_in_class(one, address))
            or tuple(self._inside(variables, address))
            or found
        )

    def local(self, frame: Frame, function: str, address: int) -> tuple[str, ...]:
        """Return the variables of a function that are an object."""
        variables = self._scope.variables(frame)
        return tuple(f"{name} of {function}()" for name, one in variables.items() if one == address)

    def _module(self, namespace: int) -> Mapping[int, tuple[str, ...]]:
        """Return the names of objects in a module: its globals before what is inside of them."""
        if namespace not in self._modules:
            pairs = self._values.pairs(namespace) or ()
            known = {text: value for key, value in pairs if (text := self._values.text(key))}
            name = self._values.text(known.get("__name__", 0))
            suffix = f" of module {name}" if name else ""
            direct, inner = defaultdict(list), defaultdict(list)
            for text, value in known.items():
                direct[value].append(text + suffix)
            for text, value in list(known.items())[-MAX_GLOBALS:]:
                for place, one in self._parts(text, value):
                    inner[one].append(place + suffix)
            self._modules[namespace] = {
                address: tuple(direct.get(address) or inner[address])
                for address in (*direct, *inner)
            }
        return self._modules[namespace]

    def _inside(self, variables: Mapping[str, int], address: int) -> Iterator[str]:
        """Yield where an object is in what the variables of a frame are."""
        for name, value in variables.items():
            of = f" of {self._type_name(value)}"
            for place, one in self._parts(name, value):
                if one == address:
                    yield place + (of if "." in place else "")
                else:
                    yield from self._inside_part(place, one, address, of)

    def _inside_part(self, place: str, value: int, address: int, of: str) -> Iterator[str]:
        if "." in place and self._values.is_a(value, *_CONTAINERS):
            yield from (inner + of for inner, one in self._parts(place, value) if one == address)

    def _parts(self, name: str, owner: int) -> Iterable[Named]:
        """Return the attributes of an object, or the items of a container, with their places."""
        if owner not in self._insides:
            self._left -= 1
            self._insides[owner] = tuple(self._read(owner)) if self._left > 0 else ()
        return [
            (f"in {name}" if not part else f"{name}{part}", one)
            for part, one in self._insides[owner]
        ]

    def _read(self, owner: int) -> Iterator[Named]:
        """Yield "[2]" or ".lock" with what is there, "" for a value: keys are not shown."""
        values = self._values
        if values.is_a(owner, *_FOREIGN):
            return
        if not values.is_a(owner, *_CONTAINERS):
            yield from ((f".{name}", one) for name, one in values.attributes(owner).items())
        elif (values.length(owner) or 0) > MAX_ITEMS:
            return
        elif values.is_a(owner, *_SEQUENCES):
            yield from ((f"[{at}]", one) for at, one in enumerate(values.items(owner) or ()))
        else:
            members = values.items(owner)
            if members is None:
                members = tuple(value for _, value in values.pairs(owner) or ())
            yield from (("", one) for one in members)

    def _type_name(self, address: int) -> str:
        kind = self._values.type_of(address)
        return kind.name.rpartition(".")[2] if kind is not None else "?"
