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
    numbers = _numbers(table)
    # The ranges of a table do not overlap (Python/assemble.c).
    for start, length, _, depth in zip(numbers, numbers, numbers, numbers, strict=False):
        if start <= instruction < start + length:
            return depth >> 1
    return 0


def _numbers(table: bytes) -> Iterator[int]:
    value = 0
    for byte in table:
        value = value << 6 | byte & _DIGIT
        if not byte & _MORE:
            yield value
            value = 0
