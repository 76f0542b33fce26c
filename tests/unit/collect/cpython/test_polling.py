"""Which loop a line pauses in, and what would end it; the line is the one marked with a star."""

import ast
import textwrap

import pytest

from diag.collect.cpython.polling import enters_at, polling_at
from diag.model.stack import Frame

QUEUE, EVENT, FUTURE = "queue.py get", "threading.py wait", "concurrent/futures/_base.py result"


def polling(text, waits_in=None):
    text = textwrap.dedent(text)
    line = next(n for n, each in enumerate(text.splitlines(), 1) if each.endswith("*"))
    tree = ast.parse(text.replace("*", ""))
    inner = None
    if waits_in is not None:
        file, function = waits_in.split()
        inner = Frame(function=function, file=f"/usr/lib/python3.11/{file}", line=1)
    function = "f" if text.lstrip().startswith("def f") else "<module>"
    return polling_at(tree, Frame(function=function, file="a.py", line=line), inner)


@pytest.mark.parametrize(
    ("text", "waits_in"),
    [
        ("while True:\n sleep(1)*", None),
        ("while 1:\n log.info('alive')\n time.sleep(1)*", None),
        (
            "while True:\n try:\n  sleep(1)*\n except KeyboardInterrupt:\n  stop()",
            None,
        ),
        ("while True:\n for c in '/-':\n  print(c)\n  sleep(1)*", None),
        ("while True:\n with cond:\n  cond.wait(1)*", EVENT),
    ],
)
def test_a_loop_that_nothing_ends(text, waits_in):
    found = polling(text, waits_in)
    assert found is not None
    assert (found.condition, found.for_work) == (None, False)


@pytest.mark.parametrize(
    ("text", "waits_in", "condition", "for_work"),
    [
        ("while not stop:\n sleep(1)*", None, "not stop", False),
        ("def f(self):\n while self.on:\n  sleep(1)*", None, "self.on", False),
        ("while not stop.wait(1):*\n print('.')", EVENT, "not stop.wait(1)", False),
        ("while t.is_alive():\n t.join(1)*", EVENT, "t.is_alive()", True),
        (
            "while any(t.is_alive() for t in ts):\n sleep(1)*",
            None,
            "any((t.is_alive() for t in ts))",
            True,
        ),
        ("while p.poll() is None:\n sleep(1)*", None, "p.poll() is None", True),
        ("while True:\n if f.done():\n  break\n sleep(1)*", None, "f.done()", True),
        ("while n < 9:\n seen += 1\n sleep(1)*", None, "n < 9", False),
        (
            "while True:\n d, left = wait(fs, 1)*\n if not left:\n  break",
            "concurrent/futures/_base.py wait",
            "not left",
            False,
        ),
        (
            "while True:\n try:\n  x = q.get(1)*\n except queue.Empty:\n  continue\n use(x)",
            QUEUE,
            "q.get(1)",
            False,
        ),
        (
            "while True:\n try:\n  r = f.result(1)*\n  break\n except TimeoutError:\n  print()",
            FUTURE,
            "f.result(1)",
            False,
        ),
    ],
)
def test_a_loop_that_others_end(text, waits_in, condition, for_work):
    found = polling(text, waits_in)
    assert found is not None
    assert (found.condition, found.for_work) == (condition, for_work)


@pytest.mark.parametrize(
    ("text", "waits_in"),
    [
        ("sleep(1)*", None),
        ("for i in range(9):\n sleep(1)*", None),
        ("while True:\n work()\n sleep(1)*", None),
        ("while True:\n with lock:\n  sleep(1)*", None),
        ("while True:\n with sem:\n  cond.wait(1)*", EVENT),
        ("while True:\n q.get()\n sleep(1)*", None),
        ("while True:\n barrier.wait()\n sleep(1)*", None),
        ("while True:\n done.set()\n sleep(1)*", None),
        ("while True:\n q.put(1)\n sleep(1)*", None),
        ("while True:\n sock.write(b'x')\n sleep(1)*", None),
        ("while time.time() < end:\n sleep(1)*", None),
        ("while n < 9:\n n += 1\n sleep(1)*", None),
        ("while n < 9:\n n = n + 1\n sleep(1)*", None),
        ("while n < 9:\n m = n + 1\n n = m\n sleep(1)*", None),
        ("while left:\n left = left[len(a):]\n sleep(1)*", None),
        ("while True:\n sleep(1)*\n break", None),
        ("while True:\n try:\n  sleep(1)*\n finally:\n  beat()", None),
        ("while not os.path.exists(p):\n sleep(1)*", None),
        ("while not c.poll():\n sleep(1)*", None),
        ("while True:\n x = q.get(1)*", QUEUE),
        ("while True:\n try:\n  q.get(1)*\n except Empty:\n  beat()", QUEUE),
        ("while True:\n try:\n  q.get(1)*\n except Empty:\n  break", QUEUE),
        ("while True:\n try:\n  q.get(1)*\n except Empty:\n  pass\n beat()", QUEUE),
        ("while True:\n try:\n  q.get(1)*\n except KeyError:\n  continue", QUEUE),
        ("while True:\n await tick()\n sleep(1)*", None),
        ("while True:\n def f():\n  sleep(1)*", None),
    ],
)  # fmt: skip
def test_what_does_more_than_look_around(text, waits_in):
    assert polling(text, waits_in) is None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("not f.done()", True),
        ("not all(r.ready() for r in results)", True),
        ("not q.empty()", True),
        ("q.empty()", False),
        ("t.is_alive()", False),
        ("not stop", False),
    ],
)
def test_no_idle_program_asks_for_results(condition, expected):
    found = polling(f"while {condition}:\n sleep(1)*")
    assert found is not None
    assert found.for_result is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("with lock:\n    work()", True),
        ("with lock: work()", True),
        ("with a, lock:\n    work()", True),
        ("lock.acquire()", False),
        ("with a: lock.acquire()", False),
    ],
)
def test_who_waits_to_enter_a_with(text, expected):
    assert enters_at(ast.parse(text), 1) is expected
