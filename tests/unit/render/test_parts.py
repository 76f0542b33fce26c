"""Escaping, paths, groups and units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.model.limits import Limits
from diag.model.stack import Frame
from diag.model.wait import WaitKind
from diag.render.escape import visible
from diag.render.grouping import group_threads, tree_rows
from diag.render.limits import limit_lines
from diag.render.places import is_library
from diag.render.units import capped, in_bytes, plural
from tests.unit.render.examples import LIMITS, library_frame, own_frame, process, thread, view


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_visible_text_is_one_harmless_line(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert shown.isprintable() or any(c == "\xa0" or c.isspace() for c in shown)
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Zoë 漢字", "Zoë 漢字"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[2J\x9b", "\\x1b[2J\\x9b"),
        ("\u202e\u2028\ud800", "\\u202e\\u2028\\ud800"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("file", "library"),
    [
        ("/usr/lib/python3.11/threading.py", True),
        ("/home/u/.pyenv/versions/3.13.0/lib/python3.13t/queue.py", True),
        ("/srv/venv/lib/python3.11/site-packages/x/y.py", True),
        ("/usr/lib/python3/dist-packages/x.py", True),
        ("<frozen importlib._bootstrap>", True),
        ("<string>", True),
        ("__init__", True),
        ("/srv/app/lib/orders.py", False),
        ("/srv/python3.11/orders.py", False),
        ("orders.py", False),
    ],
)
def test_library_frames_are_told_by_their_path(file: str, library: bool) -> None:
    assert is_library(Frame(function="f", file=file, line=1)) is library


def test_groups_are_by_stack_and_the_outlier_comes_first() -> None:
    same = [
        view("w", process(p, 1, thread(p, WaitKind.LOCK, own_frame("f", 1))), "waits")
        for p in (10, 11)
    ]
    other = view("w", process(12, 1, thread(12, WaitKind.LOCK, own_frame("f", 2))), "waits")
    groups = group_threads([*same, other])
    assert [[m.thread.tid for m in group.members] for group in groups] == [[12], [10, 11]]


def test_threads_without_stacks_are_grouped_by_what_they_wait_for() -> None:
    views = [
        view("w", process(p, 1, thread(p, WaitKind.READ)), words)
        for p, words in ((10, "a"), (11, "b"), (12, "a"))
    ]
    groups = group_threads(views)
    assert [[m.thread.tid for m in group.members] for group in groups] == [[11], [10, 12]]


def test_one_stuck_member_marks_its_group() -> None:
    fine = view("w", process(10, 1, thread(10, WaitKind.LOCK)), "a")
    stuck = view("w", process(11, 1, thread(11, WaitKind.LOCK)), "a", live=False)
    assert [group.stuck for group in group_threads([fine, stuck])] == [True]
    assert [group.stuck for group in group_threads([fine])] == [False]


def test_what_started_a_worker_does_not_set_it_apart() -> None:
    start = library_frame("BaseProcess._bootstrap", "multiprocessing/process.py", 314)
    workers = [
        view(
            "w",
            process(p, 1, thread(p, WaitKind.LOCK, own_frame("f", 1), start, own_frame("main", p))),
            "waits",
        )
        for p in (10, 11)
    ]
    (group,) = group_threads(workers)
    assert [frame.function for frame in group.frames] == ["f", "BaseProcess._bootstrap"]
    assert group.starting == 1


def test_stuck_groups_come_first() -> None:
    fine = view("w", process(10, 1, thread(10, WaitKind.READ)), "a")
    stuck = [view("w", process(p, 1, thread(p, WaitKind.LOCK)), "b", live=False) for p in (11, 12)]
    assert [group.stuck for group in group_threads([fine, *stuck])] == [True, False]


def test_the_tree_keeps_parents_above_and_merges_only_equal_leaves() -> None:
    root = view("main", process(1, 0, thread(1, WaitKind.CHILD)), "child")
    pool = view("pool", process(2, 1, thread(2, WaitKind.CHILD)), "child")
    workers = [view("worker", process(p, 2, thread(p, WaitKind.READ)), "read") for p in (3, 4)]
    stuck = view("worker", process(5, 2, thread(5, WaitKind.READ)), "read", live=False)
    rows = tree_rows([root, pool, *workers, stuck])
    assert [(row.depth, [v.process.pid for v in row.views]) for row in rows] == [
        (0, [1]),
        (1, [2]),
        (2, [3, 4]),
        (2, [5]),
    ]


def test_a_process_without_its_parent_stands_at_the_top() -> None:
    orphan = view("worker", process(7, 99, thread(7, WaitKind.READ)), "read")
    assert [row.depth for row in tree_rows([orphan])] == [0]


def test_limits_in_words() -> None:
    assert list(limit_lines(LIMITS))[1:3] == [
        "throttled in 300 of 1200 periods; 12.3 s withheld",
        "memory: 130 MiB of 512 MiB (/sys/fs/cgroup/kubepods/pod7/memory.max)",
    ]
    assert "no quota" in next(limit_lines(Limits(affinity_cpus=1)))


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (512 << 20, "512 MiB"),
        (3 << 40, "3 TiB"),
    ],
)
def test_bytes(count: int, words: str) -> None:
    assert in_bytes(count) == words


def test_counts() -> None:
    assert plural(1, "process", "processes") == "1 process"
    assert plural(0, "CPU") == "0 CPUs"
    assert capped(["a", "b", "c"], 2) == "a, b and 1 more"
    assert capped(["a", "b"], 2) == "a, b"
