import sys

from diag.collect.cpython.lines import line_of

VERSION = sys.version_info[:2]


def example(values: list[int]) -> list[int]:
    total = 0
    for value in values:
        if value:
            total += max(
                value,
                len(
                    values,
                ),
            )
        else:
            try:
                total -= value
            except ValueError:
                total = 0
    return [
        total + value  # a line of its own
        for value in values
    ]


def test_every_instruction_has_the_line_that_the_interpreter_gives_it() -> None:
    code = example.__code__
    table = code.co_linetable if VERSION >= (3, 10) else code.co_lnotab
    checked = 0
    for start, end, line in code.co_lines():
        for offset in range(start, end, 2):
            assert line_of(table, code.co_firstlineno, offset, VERSION) == (line or 0)
            checked += 1
    assert checked > 20


def test_the_table_of_3_9_is_pairs_of_bytes_and_lines() -> None:
    table = bytes((4, 1, 6, 255, 2, 3))  # 255 is one line back
    lines = [line_of(table, 10, offset, (3, 9)) for offset in (0, 3, 4, 9, 10, 12, 40)]
    assert lines == [10, 10, 11, 11, 10, 13, 13]


def test_the_table_of_3_10_has_ranges_without_a_line() -> None:
    table = bytes((4, 1, 2, 128, 6, 2))
    lines = [line_of(table, 10, offset, (3, 10)) for offset in (0, 2, 4, 6, 10)]
    assert lines == [11, 11, 0, 13, 13]
