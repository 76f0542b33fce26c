"""A plain lock that a fork has captured, compared with the parent's own, on every Python."""

import pytest

from diag.collect.cpython import add_objects
from diag.collect.sweep import sweep
from tests.integration import harness, pythons


@pytest.mark.parametrize("target", pythons.one_per_minor(), ids=pythons.label)
def test_the_holder_in_the_parent_is_told(target: pythons.Target) -> None:
    programs = {program.name: program for program in harness.programs("hung")}
    with harness.running(programs["orphaned_lock_queue_mutex"], target) as pid:
        seen = add_objects(sweep(pid))
    parent, child = seen.processes
    (lock,) = (thread.wait.lock for thread in child.threads)
    assert lock is not None
    assert lock.owner_ident is None
    assert lock.parent_copy is not None
    assert (lock.parent_copy.pid, lock.parent_copy.locked) == (parent.pid, True)
    others = {thread.ident for thread in parent.threads if thread.tid != parent.pid}
    assert lock.parent_copy.holder_ident in others
