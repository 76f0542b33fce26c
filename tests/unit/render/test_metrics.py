"""Metrics of a watch: what the parsers of Prometheus make of them."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as older

from diag.model.finding import Confidence, Finding, Location, Severity
from diag.model.report import Verdict
from diag.model.sample import GroupSample
from diag.model.watching import ProcessScene, Scene
from diag.render.metrics import render

FINDING = Finding(
    rule="lock-cycle",
    severity=Severity.ERROR,
    confidence=Confidence.PROVEN,
    title='a "title"\n',
    explanation="",
    advice="",
    primary=Location(pid=2),
)
PROCESS = ProcessScene(
    pid=1, parent_pid=0, role="x", threads=3, moved=1, cpu_cores=0.5, rss_bytes=100
)
SCENE = Scene(
    pid=1,
    command=("x",),
    elapsed_s=10.0,
    verdict=Verdict.HUNG,
    doing="calm",
    processes=(PROCESS, PROCESS),
    findings=(FINDING, FINDING),
    own_share=0.01,
    looks=4,
    group=GroupSample(memory_used_bytes=50, memory_limit_bytes=200, throttled_s=1.5, oom_kills=0),
)


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in open_metrics(text)
        for sample in family.samples
    }


def test_everything_is_there() -> None:
    found = samples(render(SCENE).decode())
    assert found["diag_verdict", ("hung",)] == 1
    assert found["diag_verdict", ("healthy",)] == 0
    assert found["diag_findings", ("error", "lock-cycle")] == 2
    assert found["diag_processes", ()] == 2
    assert found["diag_threads", ()] == 6
    assert found["diag_cpu_cores", ()] == 1.0
    assert found["diag_memory_limit_bytes", ()] == 200
    assert found["diag_throttled_seconds_total", ()] == 1.5
    assert found["diag_watcher_looks_total", ()] == 4
    assert found["diag_watcher_cpu_ratio", ()] == pytest.approx(0.01)


def test_what_is_not_known_is_left_out() -> None:
    bare = Scene(
        pid=1, command=(), elapsed_s=0, verdict=Verdict.UNKNOWN, doing="calm", processes=()
    )
    names = {name for name, _ in samples(render(bare).decode())}
    assert "diag_memory_limit_bytes" not in names
    assert "diag_processes" in names


def test_the_node_exporter_can_read_it() -> None:
    assert {family.name for family in older(render(SCENE).decode())} >= {"diag_verdict"}
