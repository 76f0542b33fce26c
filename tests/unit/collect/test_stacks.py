"""py-spy is asked process by process, and whatever it does, only its own process suffers."""

from pathlib import Path

import msgspec
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.analysis.frames import is_library, user_frame
from diag.analysis.idioms import Idiom, idiom_of
from diag.collect.dump import parse_dump
from diag.collect.pyspy import StacksUnavailableError
from diag.collect.stacks import StackAsker, add_stacks, attach_stacks
from tests.unit.world import RUNNING, process, snapshot, thread

RECORDED = sorted((Path(__file__).parent / "pyspy").glob("*.json"))
DUMP = RECORDED[0].read_bytes()


def name_of(frame):
    return frame.bare_name if frame else None


def python_process(pid, parent=0):
    return process(pid, thread(pid, RUNNING), parent=parent)


def open_files():
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


@pytest.fixture
def fake(tmp_path):
    """Return what writes a py-spy of a few lines of shell; $pid is whom it is asked about."""

    def write(script):
        path = tmp_path / "py-spy"
        path.write_text(f"#!/bin/sh\nfor pid; do :; done\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_dump_of_each_version(path):
    stacks = {stack.thread_name: stack for stack in parse_dump(path.read_bytes())}
    assert stacks.keys() == {"MainThread", "worker"}
    assert name_of(user_frame(stacks["MainThread"])) == "stop"
    assert idiom_of(stacks["MainThread"]) is Idiom.JOIN
    assert name_of(user_frame(stacks["worker"])) == "run"
    joined = {f.self_address for f in stacks["MainThread"].frames if f.bare_name == "join"}
    begun = {f.self_address for f in stacks["worker"].frames if f.bare_name == "_bootstrap_inner"}
    assert joined == begun != {None}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_no_value_of_a_variable_is_kept(path):
    assert b"REPR" in path.read_bytes()
    assert b"REPR" not in msgspec.json.encode(parse_dump(path.read_bytes()))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_values_of_own_frames_are_kept_when_asked_for(path):
    frames = [
        frame for stack in parse_dump(path.read_bytes(), show_locals=True) for frame in stack.frames
    ]
    assert any(frame.variables for frame in frames)
    assert not any(frame.variables for frame in frames if is_library(frame))


@given(st.binary())
def test_rubbish_is_said_to_be_rubbish(rubbish):
    with pytest.raises(StacksUnavailableError, match="could not be read"):
        parse_dump(b"{" + rubbish)


def test_a_failure_is_told_in_its_first_line_only(fake):
    pyspy = fake("printf 'Error: Failed to find python\\n\\nStack backtrace:\\n' >&2; exit 1")
    seen = add_stacks(snapshot(python_process(10)), pyspy=pyspy).processes[0]
    assert [gap.because for gap in seen.gaps] == ["py-spy: Failed to find python"]


def test_who_fails_once_is_asked_again(fake, tmp_path):
    pyspy = fake(f"echo x >> {tmp_path}/tries; [ $(wc -l < {tmp_path}/tries) = 3 ] && echo '[]'")
    assert add_stacks(snapshot(python_process(10)), pyspy=pyspy).processes[0].gaps == ()
    assert (tmp_path / "tries").read_text() == "x\n" * 3


TORN = '[{"thread_id": 1, "frames": [{"name": "%s", "filename": "a.py", "line": 1}]}]'


@pytest.mark.parametrize(
    ("seen", "kept", "asked"),
    [
        (["<module>"], "<module>", 1),
        (["Thread._bootstrap"], "Thread._bootstrap", 1),
        (["torn", "<module>"], "<module>", 2),
        (["by_start_new_thread", "by_start_new_thread"], "by_start_new_thread", 2),
        (["torn", "other", "_bootstrap"], "_bootstrap", 3),
        (["torn", "other", "another", "<module>"], "another", 3),
    ],
)
def test_a_stack_that_seems_torn_is_read_again(fake, tmp_path, seen, kept, asked):
    for number, name in enumerate(seen, 1):
        (tmp_path / f"answer{number}").write_text(TORN % name)
    pyspy = fake(f"echo x >> {tmp_path}/tries; cat {tmp_path}/answer$(wc -l < {tmp_path}/tries)")
    running = msgspec.structs.replace(thread(10, RUNNING), ident=1)
    found = add_stacks(snapshot(process(10, running)), pyspy=pyspy).processes[0].threads[0]
    assert found.stack is not None
    assert found.stack.frames[-1].function == kept
    assert (tmp_path / "tries").read_text() == "x\n" * asked


def test_a_torn_stack_is_better_than_none(fake, tmp_path):
    pyspy = fake(f"echo x >> {tmp_path}/t; [ $(wc -l < {tmp_path}/t) = 1 ] && echo '{TORN % 'f'}'")
    running = msgspec.structs.replace(thread(10, RUNNING), ident=1)
    found = add_stacks(snapshot(process(10, running)), pyspy=pyspy).processes[0]
    assert found.threads[0].stack is not None
    assert found.gaps == ()


def test_a_call_that_takes_too_long_costs_one_process_its_stacks(fake):
    pyspy = fake("[ $pid = 10 ] && exec sleep 60; echo '[]'")
    tree = snapshot(python_process(10), python_process(11, parent=10))
    slow, quick = add_stacks(tree, pyspy=pyspy, deadline_s=0.3).processes
    assert "longer than 0.3 s" in slow.gaps[0].because
    assert quick.gaps == ()


def test_not_more_than_so_many_run_at_a_time_and_nothing_is_left(fake, tmp_path):
    running = f"$(ls {tmp_path}/running | wc -l)"
    pyspy = fake(
        f"mkdir -p {tmp_path}/running; : > {tmp_path}/running/$pid\n"
        f"echo {running} >> {tmp_path}/n\n"
        f"sleep 0.05; rm {tmp_path}/running/$pid; echo '[]'"
    )
    before = open_files()
    tree = snapshot(python_process(10), *(python_process(n, parent=10) for n in range(11, 20)))
    seen = add_stacks(tree, pyspy=pyspy, parallel=3)
    assert not any(each.gaps for each in seen.processes)
    assert 1 < max(map(int, (tmp_path / "n").read_text().split())) <= 3
    assert open_files() == before
    assert not psutil.Process().children()


def test_an_error_meanwhile_leaves_nothing_running(fake):
    def look():
        with StackAsker(pyspy=fake("exec sleep 60")) as asker:
            asker.begin(python_process(10))
            assert psutil.Process().children()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look()
    assert not psutil.Process().children()


def test_what_is_not_python_is_not_asked(fake, tmp_path):
    tree = snapshot(process(10, thread(10, RUNNING), interpreter=None))
    assert add_stacks(tree, pyspy=fake(f": > {tmp_path}/asked")) == tree
    assert not (tmp_path / "asked").exists()


def test_a_missing_pyspy_is_a_gap_of_the_whole_look(monkeypatch):
    monkeypatch.setattr("diag.collect.stacks.find_pyspy", lambda: None)
    seen = add_stacks(snapshot(process(10, thread(10, RUNNING))))
    assert "pip install py-spy" in seen.gaps[0].because


def test_a_pyspy_that_cannot_be_started_is_a_gap_of_the_process():
    tree = snapshot(process(10, thread(10, RUNNING)))
    seen = add_stacks(tree, pyspy="/nowhere/py-spy").processes[0]
    assert "could not be started" in seen.gaps[0].because


class TestWhoseStack:
    """Ids from py-spy are checked against the threads that exist."""

    STACKS = parse_dump(DUMP)

    def test_by_ident_where_it_is_known(self):
        stack = self.STACKS[0]
        known = msgspec.structs.replace(thread(10, RUNNING), ident=stack.ident)
        seen = attach_stacks(process(10, known), self.STACKS)
        assert seen.threads[0].stack == stack

    def test_by_the_inner_thread_id_in_a_container(self):
        stack = msgspec.structs.replace(self.STACKS[0], os_thread_id=1)
        inner = msgspec.structs.replace(thread(10, RUNNING), ident=None, inner_tid=1)
        seen = attach_stacks(process(10, inner), [stack]).threads[0]
        assert (seen.stack, seen.ident) == (stack, stack.ident)

    def test_a_ghost_of_a_fork_in_c_belongs_to_nobody(self):
        ghost = msgspec.structs.replace(self.STACKS[0], os_thread_id=9)
        nameless = msgspec.structs.replace(thread(10, RUNNING), ident=None)
        assert attach_stacks(process(10, nameless), [ghost]).threads[0].stack is None
