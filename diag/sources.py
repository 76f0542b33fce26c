"""The lines of code that a report of this machine stands at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from diag.model.report import Report

# btime in /proc/stat has no fraction of a second (proc_stat(5)).
BOOT_TIME_ERROR_S = 1.0


def with_sources(report: Report, project: Path) -> Report:
    """Return the report with lines of the project in a folder.

    Only for a target of this machine: elsewhere, and later, the files may be others.
    """
    import msgspec
    import psutil

    from diag.collect.sources import read_sources

    if report.host is None:
        return report
    started_s = report.target.id.start_ticks / report.host.clock_ticks_per_s
    lines = read_sources(
        _places(report),
        project,
        older_than_unix_s=psutil.boot_time() + started_s + BOOT_TIME_ERROR_S,
    )
    return msgspec.structs.replace(report, sources=tuple(lines))


def _places(report: Report) -> Iterator[tuple[str, int]]:
    from diag.render.places import is_in_project

    for view in report.processes:
        for thread in view.process.threads:
            for frame in thread.stack.frames if thread.stack else ():
                if is_in_project(frame.file):
                    yield frame.file, frame.line
