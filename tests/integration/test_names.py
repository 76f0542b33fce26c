"""Locks have the names that programs give them, on every Python; never another one."""

import os
import signal
import subprocess

import pytest

from diag.watching.look import snapshot
from tests.integration import harness, pythons


@pytest.mark.parametrize("target", pythons.one_per_minor(), ids=lambda target: target.label)
def test_a_lock_has_the_name_of_the_place_that_it_is_in(target: pythons.Target) -> None:
    with subprocess.Popen(
        target.argv(harness.PROGRAMS / "objects" / "names.py"),
        stdout=subprocess.PIPE,
        env=pythons.environment(),
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith(b"READY")
            seen = snapshot(process.pid).snapshots[0]
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    told = {
        thread.stack.thread_name: thread.subject.names[0] if thread.subject.names else "nothing"
        for thread in seen.processes[0].threads
        if thread.stack is not None and thread.subject is not None
    }
    assert len(told) == 13
    assert told == {name: name for name in told}
