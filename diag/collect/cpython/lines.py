"""The line of an instruction, by the table of its code object.

3.9   co_lnotab: pairs of bytes and signed lines (Objects/lnotab_notes.txt)
3.10  co_linetable: pairs of bytes and signed lines, -128 for no line
3.11  co_linetable: entries of code units (Objects/locations.md)
"""

import struct

_NO_LINE = -128
_NONE, _LONG, _NO_COLUMN, _ONE_LINE = 15, 14, 13, 10  # kinds of an entry


def line_of(table: bytes, first_line: int, offset: int, version: tuple[int, int]) -> int:
    """Return the line of an instruction, 0 if it has none.

    Args:
        table: `co_linetable`, or `co_lnotab` on 3.9.
        first_line: `co_firstlineno`.
        offset: of the instruction, in bytes.
        version: (3, 12).

    """
    if version <= (3, 9):
        return _by_starts(table, first_line, offset)
    if version <= (3, 10):
        return _by_ranges(table, first_line, offset)
    return _by_entries(table, first_line, offset)


def _by_starts(table: bytes, line: int, offset: int) -> int:
    start = 0
    for size, lines in struct.iter_unpack("<Bb", table[: len(table) & ~1]):
        start += size
        if start > offset:
            break
        line += lines
    return line


def _by_ranges(table: bytes, line: int, offset: int) -> int:
    end = 0
    for size, lines in struct.iter_unpack("<Bb", table[: len(table) & ~1]):
        end += size
        line += 0 if lines == _NO_LINE else lines
        if offset < end:
            return 0 if lines == _NO_LINE else line
    return line


def _by_entries(table: bytes, line: int, offset: int) -> int:
    end, index = 0, 0
    while index < len(table):
        head = table[index]
        kind = head >> 3 & 0xF
        end += 2 * ((head & 7) + 1)
        line += _lines(kind, table, index + 1)
        if offset < end:
            return 0 if kind == _NONE else line
        index += 1
        while index < len(table) and not table[index] & 0x80:
            index += 1
    return line


def _lines(kind: int, table: bytes, index: int) -> int:
    """Return by how many lines an entry is further on than the one before."""
    if kind in (_LONG, _NO_COLUMN):
        return _signed(table, index)
    return kind - _ONE_LINE if _ONE_LINE <= kind < _NO_COLUMN else 0


def _signed(table: bytes, index: int) -> int:
    """Return a number of 6-bit digits, the least first; its lowest bit is the sign."""
    value = shift = 0
    for byte in table[index:]:
        value |= (byte & 0x3F) << shift
        shift += 6
        if not byte & 0x40:
            break
    return -(value >> 1) if value & 1 else value >> 1
