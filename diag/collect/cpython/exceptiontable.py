"""How deep the value stack surely is at an instruction (Objects/exception_handling_notes.txt).

An entry is four numbers: start and length of a range of instructions, the
handler's place, and twice the depth of the stack there, plus a flag. Numbers are
made of 6-bit digits, the most significant first; bit 6 says that more follow,
bit 7 marks the first byte of an entry.
"""

from collections.abc import Iterator

_DIGIT = 0x3F
_MORE = 0x40


def live_depth(table: bytes, instruction: int) -> int:
    """Return the depth of the stack that a handler of `instruction` would find.

    Args:
        table: `co_exceptiontable`.
        instruction: index of the instruction, in code units of two bytes.

    Returns:
        0 if nothing handles exceptions there, or the table is damaged.

    """
    return _entry(table, instruction)[1]


def depth_around_await(table: bytes, instruction: int) -> int:
    """Return the depth that is live whatever becomes of what a coroutine awaits there.

    From 3.12 on each `await` has a handler of its own, for `throw()`; an `async with`
    that is being entered has its exit on the stack for it. The handlers around that
    handler are those of the statements whose body the `await` stands in.
    """
    handler, depth = _entry(table, instruction)
    return min(depth, _entry(table, handler)[1])


def _entry(table: bytes, instruction: int) -> tuple[int, int]:
    """Return the handler of an instruction and its depth, zeros if it has none."""
    numbers = _numbers(table)
    # The ranges of a table do not overlap (Python/assemble.c).
    for start, length, handler, depth in zip(numbers, numbers, numbers, numbers, strict=False):
        if start <= instruction < start + length:
            return handler, depth >> 1
    return 0, 0


def _numbers(table: bytes) -> Iterator[int]:
    value = 0
    for byte in table:
        value = value << 6 | byte & _DIGIT
        if not byte & _MORE:
            yield value
            value = 0
