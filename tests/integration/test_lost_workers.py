"""A bug of CPython itself: an executor whose workers are gone, and tasks that nobody runs."""

import os
import signal
import subprocess

import pytest

from diag.model.finding import Confidence
from diag.pipeline import judge, look
from tests.integration import harness, pythons

# max_tasks_per_child is new in 3.11; later versions may have the bug corrected.
WITH_BUG = [target for target in pythons.one_per_minor() if (3, 11) <= target.version[:2] < (3, 14)]


@pytest.mark.parametrize("target", WITH_BUG, ids=pythons.label)
def test_an_executor_without_workers_is_told(target: pythons.Target) -> None:
    with subprocess.Popen(
        target.argv(harness.PROGRAMS / "objects" / "max_tasks.py"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=pythons.environment(),
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline() != b"READY %d\n" % process.pid:
                pytest.skip("this Python has the bug corrected")  # the program has ended
            report = judge(look(process.pid, for_s=0.5))
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    (finding,) = report.findings
    assert (finding.rule, finding.confidence) == ("lost-task", Confidence.LIKELY)
    assert finding.primary.function == "main"
    assert "no worker left" in finding.title
