"""Objects of a living process, read from outside, against what the process says of them."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from diag.collect.cpython.typenames import Types
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory
from tests.integration import pythons
from tests.integration.harness import PROGRAMS


@pytest.fixture(params=pythons.one_per_minor(), ids=pythons.label, scope="module")
def said_and_read(request: pytest.FixtureRequest) -> Iterator[tuple[dict[str, Any], Values]]:
    target: pythons.Target = request.param
    with subprocess.Popen(
        target.argv(PROGRAMS / "objects" / "values.py"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=pythons.environment(),
    ) as process:
        assert process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            with Memory(process.pid) as memory:
                yield said, Values(memory, Types(memory), target.version[:2])
        finally:
            process.kill()


def test_objects_are_read_as_the_process_sees_them(
    said_and_read: tuple[dict[str, Any], Values],
) -> None:
    said, values = said_and_read
    for address, number in said["integers"]:
        assert values.integer(address) == number
    for address, text in said["texts"]:
        assert values.text(address) == text
    for address, length in said["lengths"]:
        assert values.length(address) == length
    for address, members in said["items"]:
        assert sorted(values.items(address) or ()) == members
    for address, pairs in said["pairs"]:
        assert sorted(map(list, values.pairs(address) or ())) == pairs
    for address, attributes in said["attributes"]:
        assert values.attributes(address) == attributes


def test_references_are_followed(said_and_read: tuple[dict[str, Any], Values]) -> None:
    said, values = said_and_read
    for address, target in said["referent"]:
        assert values.referent(address) == target
    for address, target in said["bound"]:
        assert values.bound_to(address) == target
    for address, target in said["namespace"]:
        assert values.namespace(address) == target


def test_an_object_of_another_type_is_nothing(
    said_and_read: tuple[dict[str, Any], Values],
) -> None:
    said, values = said_and_read
    number, text = said["integers"][5][0], said["texts"][1][0]
    for read in (values.length, values.items, values.pairs, values.referent, values.text):
        assert read(number) is None
    assert values.integer(text) is None
    assert values.bound_to(text) is None
    for address in (0, 8, 0x7FFF_FFFF_F000, number + 1):
        assert values.length(address) is None
        assert values.integer(address) is None
        assert values.attributes(address) == {}
