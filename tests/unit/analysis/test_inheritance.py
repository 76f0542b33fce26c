"""Ends of pipes that processes hold only because a fork copied them."""

from diag.analysis.inheritance import inheritance_words
from diag.model.channel import Channel, ChannelKind, Holder
from diag.model.ids import ThreadId
from tests.unit.world import case, lock_wait, pipe, process, reads, thread, waits_for_child, writes

READER = ThreadId(21, 21)


def words(*others, writers, reader=None):
    parent = process(10, thread(10, waits_for_child(21)))
    child = reader or process(21, thread(21, reads("pipe:[1]")), parent=10, forked=True)
    channel = pipe("pipe:[1]", writers=writers, readers=(21,))
    return inheritance_words(case(parent, child, *others, channels=[channel]), READER)


def sibling(wait=None, *, forked=True):
    return process(22, thread(22, wait or lock_wait()), parent=10, forked=forked)


def test_a_sibling_holds_an_end_by_inheritance() -> None:
    (line,) = words(sibling(), writers=(22,))
    assert line.startswith("child 22 holds the write end only by inheritance (fd 4)")


def test_the_reader_itself_holds_the_other_end() -> None:
    (line,) = words(writers=(21,))
    assert line.startswith("21 itself holds the write end (fd 4)")


def test_a_sibling_that_writes_uses_its_end() -> None:
    assert not words(sibling(writes("pipe:[1]")), writers=(22,))


def test_a_sibling_that_was_executed_was_given_its_end_on_purpose() -> None:
    assert not words(sibling(forked=False), writers=(22,))


def test_a_parent_or_a_child_is_a_partner() -> None:
    assert not words(writers=(10,))
    own = process(23, thread(23, lock_wait()), parent=21, forked=True)
    assert not words(own, writers=(23,))


def test_a_connection_that_was_accepted_is_no_inheritance() -> None:
    parent = process(10, thread(10, waits_for_child(21)))
    child = process(21, thread(21, reads("socket:[1]")), parent=10, forked=True)

    def seen(name: str | None) -> list[str]:
        ends = (Holder(pid=22, fd=4),)
        channel = Channel(
            id="socket:[1]", kind=ChannelKind.UNIX_SOCKET, name=name, writers=ends, readers=ends
        )
        return inheritance_words(case(parent, child, sibling(), channels=[channel]), READER)

    assert len(seen(None)) == 1
    assert not seen("/tmp/listener")
