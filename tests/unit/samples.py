"""Samples and activities for tests, in a few words."""

from collections.abc import Iterable, Mapping

from diag.model.ids import ProcessId
from diag.model.sample import (
    Activity,
    Ended,
    GroupSample,
    ProcessSample,
    Sample,
    SharedConnection,
    ThreadActivity,
)

LOOKS = 40


def counted(pid: int, *, parent: int = 1, state: str = "S", **more: object) -> ProcessSample:
    """A process as `world.process` makes it: it was started at tick `pid`."""
    fields: dict[str, object] = {
        "user_ticks": 100,
        "system_ticks": 0,
        "threads": 1,
        "rss_bytes": 10 << 20,
        **more,
    }
    return ProcessSample(
        id=ProcessId(pid=pid, start_ticks=pid),
        parent_pid=parent,
        state=state,
        **fields,  # type: ignore[arg-type]
    )


def sample(
    at_s: float,
    *processes: ProcessSample,
    group: GroupSample | None = None,
    connections: tuple[SharedConnection, ...] | None = None,
    ended: Mapping[int, int] | None = None,
) -> Sample:
    return Sample(
        root=processes[0].id,
        at_s=at_s,
        taken_at_unix_s=at_s,
        processes=processes,
        group=group,
        connections=connections,
        ended=tuple(
            Ended(id=ProcessId(pid=pid, start_ticks=pid), exit_status=status)
            for pid, status in (ended or {}).items()
        ),
    )


def thread(
    pid: int, tid: int, *, run: float = 0.0, gil: float = 0.0, ticks: int = 0, **more: object
) -> ThreadActivity:
    """A thread by the shares of its looks."""
    return ThreadActivity(
        pid=pid,
        tid=tid,
        looks=LOOKS,
        running=int(run * LOOKS),
        waiting_for_gil=int(gil * LOOKS),
        cpu_ticks=ticks,
        **more,  # type: ignore[arg-type]
    )


def activity(threads: Iterable[ThreadActivity]) -> Activity:
    """One second of looks."""
    seen = tuple(threads)
    root = ProcessId(pid=seen[0].pid, start_ticks=seen[0].pid)
    return Activity(root=root, started_s=100.0, ended_s=101.0, threads=seen)
