"""Some members from all over a container of any size: enough to tell what the others are like.

Layouts: see values.py and mappings.py.
"""

from diag.collect.cpython.mappings import Mappings, OddObjectError, Pairs, spread
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory, MemoryBudgetError, MemoryUnreadableError

_DUMMY_HASH = (1 << 64) - 1
_LARGEST = 1 << 26
_PLACES_EACH = 8  # a set's table has empty places


class Members:
    """Reads some members of containers of one process; what cannot be read is left out.

    Raises:
        MemoryBudgetError: from any method: the process has used up what it was allowed.

    """

    def __init__(self, memory: Memory, values: Values, version: tuple[int, int]) -> None:
        self._memory, self._values, self._version = memory, values, version
        self._mappings = Mappings(memory, version)

    def some_pairs(self, address: int, most: int) -> Pairs:
        """Return at most so many keys and values of a dict."""
        if not self._values.is_a(address, "dict"):
            return ()
        try:
            return self._mappings.some_pairs(address, most)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, OddObjectError):
            return ()

    def some(self, address: int, most: int) -> tuple[int, ...]:
        """Return at most so many members of a list, tuple, deque, set or SimpleQueue."""
        try:
            if self._values.is_a(address, "set", "frozenset"):
                return self._of_set(address, most)
            return self._in_order(address, most)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, OddObjectError):
            return ()

    def _in_order(self, address: int, most: int) -> tuple[int, ...]:
        count = self._values.length(address) or 0
        places = spread(min(count, _LARGEST), most)
        word = self._memory.u64
        if self._values.is_a(address, "list"):
            items = word(address + 24)
            return tuple(word(items + 8 * place) for place in places)
        if self._values.is_a(address, "tuple"):
            items = address + (32 if self._version >= (3, 14) else 24)
            return tuple(word(items + 8 * place) for place in places)
        if self._values.is_a(address, "_queue.SimpleQueue"):
            if self._version < (3, 13):
                items, first = word(word(address + 32) + 24), word(address + 40)
                return tuple(word(items + 8 * (first + place)) for place in places)
            first, items, capacity = (word(address + at) for at in (32, 40, 48))
            if not count <= capacity:
                raise OddObjectError("a ring of an impossible size")
            return tuple(word(items + 8 * ((first + place) % capacity)) for place in places)
        members = self._values.items(address) or ()
        return tuple(members[place] for place in spread(len(members), most))

    def _of_set(self, address: int, most: int) -> tuple[int, ...]:
        mask, table = self._memory.u64(address + 32), self._memory.u64(address + 40)
        if mask >= _LARGEST or mask & mask + 1:
            raise OddObjectError("a set's table has an impossible size")
        found = []
        for place in spread(mask + 1, most * _PLACES_EACH):
            key, hash_ = (self._memory.u64(table + 16 * place + at) for at in (0, 8))
            if key and hash_ != _DUMMY_HASH:
                found.append(key)
        return tuple(found[place] for place in spread(len(found), most))
