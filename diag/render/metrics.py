"""A watched tree as metrics: the families that `--metrics` writes and `--listen` serves.

Gauges and counters only, so that the text can be read by the parsers for OpenMetrics and
by the older one of the node exporter's textfile collector.
"""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from diag.model.report import Verdict
from diag.model.watching import Scene


def families(scene: Scene) -> Iterator[Metric]:
    """Yield the metrics of a watched tree; what is not known is left out."""
    verdict = GaugeMetricFamily(
        "diag_verdict", "1 for the verdict of the last close look.", labels=["verdict"]
    )
    for each in Verdict:
        verdict.add_metric([each.value], float(each is scene.verdict))
    yield verdict
    findings = GaugeMetricFamily(
        "diag_findings", "Findings since the watch began.", labels=["rule", "severity"]
    )
    counts = Counter((finding.rule, finding.severity.value) for finding in scene.findings)
    for (rule, severity), count in sorted(counts.items()):
        findings.add_metric([rule, severity], count)
    yield findings
    yield _gauge("processes", "Processes of the tree.", len(scene.processes))
    yield _gauge("threads", "Threads of the tree.", sum(p.threads for p in scene.processes))
    yield _gauge("cpu_cores", "CPUs in use.", sum(p.cpu_cores for p in scene.processes))
    resident = sum(process.rss_bytes or 0 for process in scene.processes)
    yield _gauge("resident_memory_bytes", "Resident memory, shared pages counted often.", resident)
    yield from _of_group(scene)
    yield _gauge("watcher_cpu_ratio", "CPU time that diag uses, of one CPU.", scene.own_share)
    yield _gauge("watcher_interval_seconds", "Time between routine passes.", scene.interval_s)
    yield CounterMetricFamily("diag_watcher_looks", "Close looks taken.", value=scene.looks)
    yield _gauge("watcher_gaps", "What the last close look could not read.", len(scene.gaps))


def _of_group(scene: Scene) -> Iterator[Metric]:
    group = scene.group
    if group is None:
        return
    if group.memory_used_bytes is not None:
        used = group.memory_used_bytes
        yield _gauge("memory_used_bytes", "Memory use of the group that has the limit.", used)
    if group.memory_limit_bytes is not None:
        limit = group.memory_limit_bytes
        yield _gauge("memory_limit_bytes", "The tightest memory limit.", limit)
    if group.throttled_s is not None:
        yield CounterMetricFamily(
            "diag_throttled_seconds", "Run time withheld by the quota.", value=group.throttled_s
        )
    if group.oom_kills is not None:
        yield CounterMetricFamily(
            "diag_oom_kills", "Processes killed for memory.", value=group.oom_kills
        )


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"diag_{name}", about, value=value)


class SceneCollector(Collector):
    """Gives the metrics of the newest scene to whoever asks.

    Attributes:
        scene: the newest, None before the first.

    """

    def __init__(self) -> None:
        self.scene: Scene | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the newest scene."""
        if self.scene is not None:
            yield from families(self.scene)


def render(scene: Scene) -> bytes:
    """Return the OpenMetrics text of a scene."""
    registry, collector = CollectorRegistry(auto_describe=False), SceneCollector()
    collector.scene = scene
    registry.register(collector)
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text
