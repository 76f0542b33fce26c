"""What a function seems to hold at a line; the line is the one marked with a star."""

import ast
import textwrap
import threading

import pytest

from diag.collect.cpython import sources
from diag.collect.cpython.sources import Sources, calls_in
from diag.collect.patience import Patience


def held_at_star(text: str) -> set[str]:
    text = textwrap.dedent(text)
    line = next(n for n, each in enumerate(text.splitlines(), 1) if each.endswith("*"))
    held = set()
    for call in calls_in(ast.parse(text.replace("*", "")).body, line):
        name = ".".join(call.names)
        assert f"{name}.{call.method}(" in text.splitlines()[call.line - 1]
        held.discard(name)
        if call.certain and call.method == "acquire":
            held.add(name)
    return held


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("a.acquire()\nwork()*", {"a"}),
        ("work()*\na.acquire()", set()),
        ("a.acquire()*", set()),
        ("a.acquire()\na.release()\nwork()*", set()),
        ("a.acquire()\na.release()\na.acquire()\nwork()*", {"a"}),
        ("self.x.lock.acquire()\nother.lock.acquire()\nwork()*", {"self.x.lock", "other.lock"}),
        ("a.acquire()\ntry:\n    work()*\nfinally:\n    a.release()", {"a"}),
        ("try:\n    a.acquire()\nfinally:\n    work()*\n    a.release()", {"a"}),
        ("with b:\n    a.acquire()\n    work()*", {"a"}),
        ("while True:\n    a.acquire()\n    work()*\n    a.release()", {"a"}),
        ("while True:\n    work()*\n    a.acquire()", set()),
        # what a branch did that has ended is not known
        ("if x:\n    a.acquire()\nwork()*", set()),
        ("a.acquire()\nif x:\n    a.release()\nwork()*", set()),
        ("for x in y:\n    a.acquire()\nwork()*", set()),
        ("if x:\n    a.acquire()\nelse:\n    work()*", set()),
        ("try:\n    pass\nexcept E:\n    a.acquire()\nwork()*", set()),
        ("match x:\n    case 1:\n        a.acquire()\nwork()*", set()),
        # unless it leaves
        ("a.acquire()\nif x:\n    a.release()\n    raise E\nwork()*", {"a"}),
        ("a.acquire()\ntry:\n    b()\nexcept E:\n    a.release()\n    raise\nwork()*", {"a"}),
        # an acquire() that may come back without the lock
        ("a.acquire(False)\nwork()*", set()),
        ("a.acquire(timeout=1)\nwork()*", set()),
        ("if a.acquire(blocking=False):\n    work()*", set()),
        ("if a.acquire():\n    work()*", {"a"}),
        # another function's
        ("def f():\n    a.acquire()\nwork()*", set()),
        ("f = lambda: a.acquire()\nwork()*", set()),
        # nothing that has a name
        ("locks[0].acquire()\nwork()*", set()),
    ],
)
def test_what_a_function_seems_to_hold(text, held):
    assert held_at_star(text) == held


SOURCE = """
import threading

@first
@second
def take():
    a.acquire()
    work()


class Account:
    def take(self):
        self.lock.acquire()
        work()
"""


def test_the_function_is_found_by_its_first_line(tmp_path):
    file = tmp_path / "bank.py"
    file.write_text(SOURCE)
    root = tmp_path / "1"
    root.mkdir()
    (root / "root").symlink_to("/")
    source = Sources(1, proc_root=tmp_path)

    def names(function, first_line, line):
        found = source.calls_before(str(file), function, first_line, line)
        return [one.names for one in found]

    assert names("take", 4, 8) == [("a",)]
    assert names("take", 12, 14) == [("self", "lock")]
    assert names("take", 6, 8) == []
    assert names("gone", 4, 8) == []
    assert names("<module>", 1, 12) == []


@pytest.mark.parametrize("text", [b"def f(:\n", b"\0", b"\xff\xfe", b"x = " + b"(" * 10_000])
def test_what_is_no_source_tells_nothing(tmp_path, text):
    file = tmp_path / "odd.py"
    file.write_bytes(text)
    source = Sources(1, proc_root=tmp_path)
    assert source.calls_before(str(file), "f", 1, 9) == ()
    assert source.calls_before("/proc/self/mem", "f", 1, 9) == ()
    assert source.calls_before("missing.py", "f", 1, 9) == ()
    assert source.unread is None


def test_the_compilers_warnings_are_not_shown(tmp_path, recwarn):
    file = tmp_path / "old.py"
    file.write_text("x = 1 is 1\ny = '\\d'\na.acquire()\nwork()\n")
    found = Sources(1, proc_root=tmp_path).calls_before(str(file), "<module>", 1, 4)
    assert len(found) == 1
    assert not recwarn.list


def test_a_file_that_does_not_answer_is_left_behind_once(tmp_path, monkeypatch):
    answer, begun = threading.Event(), []

    def never(_base, file):
        begun.append(file)
        answer.wait()

    monkeypatch.setattr(sources, "_parsed", never)
    monkeypatch.setattr(sources, "_patience", Patience(0.05))
    try:
        first, second = Sources(1, proc_root=tmp_path), Sources(2, proc_root=tmp_path)
        assert first.calls_before("/dead/a.py", "f", 1, 9) == ()
        assert first.calls_before("/dead/b.py", "f", 1, 9) == ()
        assert second.calls_before("/dead/c.py", "f", 1, 9) == ()
    finally:
        answer.set()
    assert (first.unread, second.unread) == ("/dead/a.py", "/dead/c.py")
    assert begun == ["/dead/a.py"]
