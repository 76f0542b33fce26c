"""Hung, slow, throttled, stopped, swapping, out of memory: each is told from the others."""

import os

import pytest

from diag.model.report import Verdict
from diag.pipeline import judge, look
from tests.integration import harness, pythons
from tests.integration.test_verdicts import LOOK_S, limited, told

# What is produced, the program that does it, and all that diag may say.
TABLE = [
    ("hung", "hung/lock_cycle_plain_locks", Verdict.HUNG, {"lock-cycle"}),
    ("stopped", "hung/stopped_process_self", Verdict.HUNG, {"stopped-process"}),
    ("slow", "slow/gil_bound_threads", Verdict.DEGRADED, {"gil-bound"}),
    ("slow, too many", "slow/too_many_workers", Verdict.DEGRADED, {"over-provisioned-pool"}),
    ("throttled", "slow/throttled_alone", Verdict.DEGRADED, {"throttled"}),
    ("throttled threads", "slow/throttled_gil", Verdict.DEGRADED, {"throttled"}),
    ("swapping", "slow/thrashing_mapped_file", Verdict.DEGRADED, {"thrashing"}),
    ("memory short", "slow/memory_nearly_all", Verdict.DEGRADED, {"memory-limit-near"}),
    ("out of memory", "slow/worker_killed_for_memory", Verdict.DEGRADED, {"worker-died"}),
    ("well", "slow_healthy/computing_processes", Verdict.HEALTHY, set()),
]


@pytest.mark.parametrize(
    ("name", "verdict", "rules"),
    [pytest.param(*row, id=state) for state, *row in TABLE],
)
def test_each_state_is_told_from_the_others(name: str, verdict: Verdict, rules: set[str]) -> None:
    (program,) = harness.read_label(harness.PROGRAMS / f"{name}.py")
    if program.limits and os.geteuid() != 0:
        pytest.skip("control groups with limits need root")
    target = pythons.one_per_minor()[-1]
    with limited(program) as groups, harness.running(program, target, groups=groups) as pid:
        report = judge(look(pid, for_s=max(LOOK_S, program.look_s)))
    assert report.verdict is verdict, report.headline
    assert {finding.rule for finding in report.findings} == rules, told(report.findings)
