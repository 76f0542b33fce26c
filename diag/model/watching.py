"""What a watch knows at one moment: the live view is drawn from it, and metrics are."""

from diag.model.base import Record
from diag.model.finding import Finding
from diag.model.gap import Gap
from diag.model.limits import Limits
from diag.model.report import Verdict
from diag.model.sample import GroupSample


class ProcessScene(Record, frozen=True):
    """One process of the tree.

    Attributes:
        pid: process id.
        parent_pid: when it was found first.
        role: its part in the tree, the kernel's name of it until it was looked at.
        threads: number of threads.
        moved: threads that ran since the pass before.
        cpu_cores: CPU time used per wall time since the pass before.
        rss_bytes: resident memory, None if not read.
        doing: what its main thread waits for, in words; empty if not known.
        stuck: whether some thread of it can never run again.

    """

    pid: int
    parent_pid: int
    role: str
    threads: int
    moved: int
    cpu_cores: float
    rss_bytes: int | None = None
    doing: str = ""
    stuck: bool = False


class Scene(Record, frozen=True):
    """A watched tree.

    Attributes:
        pid: the root's.
        command: the root's, masked.
        elapsed_s: since the watch began.
        verdict: of the last close look; UNKNOWN before it.
        doing: what diag does now, in words: "calm", "looking closely".
        processes: the root first.
        findings: all so far, the newest last.
        interval_s: seconds between routine passes.
        stretched: whether that is longer than asked for, to keep the cost down.
        own_share: CPU time that diag has used, per wall time.
        looks: close looks so far.
        limits: of the root, as seen by the last close look.
        group: counters of the control groups, as sampled last.
        gaps: what the last close look could not read.

    """

    pid: int
    command: tuple[str, ...]
    elapsed_s: float
    verdict: Verdict
    doing: str
    processes: tuple[ProcessScene, ...]
    findings: tuple[Finding, ...] = ()
    interval_s: float = 0.5
    stretched: bool = False
    own_share: float = 0.0
    looks: int = 0
    limits: Limits | None = None
    group: GroupSample | None = None
    gaps: tuple[Gap, ...] = ()
