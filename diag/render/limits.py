"""What the kernel lets the target use, in words."""

from collections.abc import Iterator

from diag.model.limits import Limits
from diag.render.units import in_bytes, plural


def limit_lines(limits: Limits) -> Iterator[str]:
    """Yield a line for each resource that is limited or known."""
    yield from _cpu(limits)
    yield from _memory(limits)
    if limits.open_files_soft is not None:
        yield f"open files: at most {limits.open_files_soft} per process"
    if limits.tasks_limit is not None:
        used = f"{limits.tasks_used} of " if limits.tasks_used is not None else "at most "
        yield f"processes and threads: {used}{limits.tasks_limit} ({limits.tasks_limit_source})"
    for gap in limits.gaps:
        yield f"{gap.what}: not known, because {gap.because}"


def _cpu(limits: Limits) -> Iterator[str]:
    affinity = "unknown affinity"
    if limits.affinity_cpus is not None:
        affinity = f"may run on {plural(limits.affinity_cpus, 'CPU')}"
    if limits.cpu_quota_cpus is None:
        yield f"CPU: {affinity}" + ("" if _unread(limits, "cpu") else ", no quota")
        return
    yield (
        f"CPU: a quota of {limits.cpu_quota_cpus:.3g} CPUs, {affinity}"
        f" ({limits.cpu_quota_source or 'source unknown'})"
    )
    if limits.periods is not None and limits.throttled_periods is not None:
        withheld = "" if limits.throttled_s is None else f"; {limits.throttled_s:.3g} s withheld"
        yield f"throttled in {limits.throttled_periods} of {limits.periods} periods{withheld}"


def _memory(limits: Limits) -> Iterator[str]:
    used = limits.memory_used_bytes
    if limits.memory_limit_bytes is not None:
        of = f"{in_bytes(used)} of " if used is not None else "at most "
        yield (
            f"memory: {of}{in_bytes(limits.memory_limit_bytes)}"
            f" ({limits.memory_limit_source or 'source unknown'})"
        )
    elif not _unread(limits, "memory"):
        yield "memory: no limit"
    if limits.oom_kills:
        yield f"killed for memory in this group: {plural(limits.oom_kills, 'process', 'processes')}"


def _unread(limits: Limits, what: str) -> bool:
    return any(what in gap.what.lower() for gap in limits.gaps)
