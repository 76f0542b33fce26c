"""Errors of a command are tied to counters around them, and to nothing far away."""

from diag.analysis.complaints import cite, notes
from diag.model.errorline import ErrorKind, ErrorLine
from diag.model.finding import Confidence, Finding, Location, Severity
from diag.model.sample import GroupSample, Sample
from tests.unit.samples import counted, sample

MIB = 1 << 20


def line(kind: ErrorKind, at_s: float = 100.0) -> ErrorLine:
    return ErrorLine(kind=kind, text=kind.value, at_s=at_s, taken_at_unix_s=at_s)


def measured(kind: ErrorKind, *samples: Sample) -> tuple[str, ...]:
    (note,) = notes([line(kind)], samples, began_at_unix_s=90.0)
    assert note.after_s == 10.0
    return note.measured


def test_a_broken_pool_names_the_child_that_ended() -> None:
    before = sample(99.5, counted(1, parent=0), counted(2), counted(3, rss_bytes=40 * MIB))
    after = sample(100.1, counted(1, parent=0), counted(2))
    assert measured(ErrorKind.BROKEN_POOL, before, after) == (
        "child 3 () of 1 had ended; it was last seen 0.5 s before, with 40 MiB",
    )


def test_a_child_whose_parent_ended_too_is_not_named() -> None:
    before = sample(99.5, counted(1, parent=0), counted(2), counted(3, parent=2))
    after = sample(100.1, counted(1, parent=0))
    (fact,) = measured(ErrorKind.BROKEN_POOL, before, after)
    assert fact.startswith("child 2 ")


def test_a_broken_pool_in_which_all_live_says_nothing() -> None:
    tree = (counted(1, parent=0), counted(2))
    assert measured(ErrorKind.BROKEN_POOL, sample(99.5, *tree), sample(100.1, *tree)) == ()


def test_kills_for_memory_are_counted() -> None:
    root = counted(1, parent=0)
    before = sample(99.0, root, group=GroupSample(oom_kills=1))
    after = sample(100.1, root, group=GroupSample(oom_kills=2))
    (fact,) = measured(ErrorKind.BROKEN_POOL, before, after)
    assert fact.startswith("the kernel killed 1 process(es) of the control group")


def test_a_want_of_memory_has_use_and_limit() -> None:
    group = GroupSample(memory_used_bytes=500 * MIB, memory_limit_bytes=512 * MIB)
    processes = (counted(1, parent=0), counted(2, rss_bytes=400 * MIB, name="job"))
    assert measured(ErrorKind.MEMORY, sample(100.1, *processes, group=group)) == (
        "the control group used 500 MiB of 512 MiB",
        "process 2 (job) held 400 MiB, the most",
    )


def test_open_files_name_the_fullest_process() -> None:
    full = counted(2, open_files=1021, open_files_limit=1024, name="job")
    calm = counted(1, parent=0, open_files=2000, open_files_limit=100_000)
    assert measured(ErrorKind.OPEN_FILES, sample(100.1, calm, full)) == (
        "process 2 (job) had 1021 of 1024 descriptors open",
    )


def test_a_task_that_never_went_out_leaves_the_children_idle() -> None:
    root = counted(1, parent=0)
    idle = sample(100.1, root, counted(2)), sample(109.1, root, counted(2))
    (fact,) = measured(ErrorKind.CANNOT_PICKLE, *idle)
    assert fact == "the 1 child process(es) of 1 used no CPU time in the 9 s after it"
    busy = sample(109.1, root, counted(2, user_ticks=200))
    assert measured(ErrorKind.CANNOT_PICKLE, idle[0], busy) == ()


def test_counters_from_another_time_do_not_count() -> None:
    old = sample(50.0, counted(1, open_files=9, open_files_limit=10))
    assert measured(ErrorKind.OPEN_FILES, old) == ()


def test_the_same_error_is_told_once() -> None:
    again = [line(ErrorKind.MEMORY, at_s) for at_s in (100.0, 101.0, 102.0)]
    assert len(notes(again, (), began_at_unix_s=90.0)) == 1


def test_a_finding_cites_what_was_said_of_its_trouble_only() -> None:
    finding = Finding(
        rule="worker-died",
        severity=Severity.WARNING,
        confidence=Confidence.PROVEN,
        title="",
        explanation="",
        advice="",
        primary=Location(pid=1),
    )
    said = [line(ErrorKind.OPEN_FILES), *[line(ErrorKind.BROKEN_POOL)] * 3]
    (cited,) = cite([finding], said)
    assert [e.text for e in cited.evidence] == ["standard error said: BrokenProcessPool"]
