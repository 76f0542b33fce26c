"""Whether a longer look could tell more."""

import msgspec
import pytest

from diag.model.sample import Sample
from diag.watching.growing import grows
from tests.unit.samples import counted, sample

MIB = 1 << 20


def over_time(field: str, *values: int) -> list[Sample]:
    return [
        sample(100.0 + number, msgspec.structs.replace(counted(10), **{field: value}))
        for number, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("samples", "answer"),
    [
        (over_time("rss_bytes", 9 * MIB, 9 * MIB, 10 * MIB), True),
        (over_time("rss_bytes", 9 * MIB, 30 * MIB, 10 * MIB), False),
        (over_time("rss_bytes", 9 * MIB, 9 * MIB + 4096), False),
        (over_time("threads", 3, 3, 4), True),
        (over_time("threads", 3, 5, 4), False),
        (over_time("open_files", 10, 13), True),
        (over_time("open_files", 10, 12), False),
        ([sample(100.0, counted(10)), sample(101.0, counted(10), counted(11))], False),
        ([sample(100.0, counted(10)), sample(101.0, counted(10), counted(11), counted(12))], True),
    ],
)
def test_what_has_become_more_and_never_less(samples: list[Sample], answer: bool) -> None:
    assert grows(samples) is answer
