"""`diag doctor`: what diag can see here, and what to do about the rest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from diag.cli.options import check_pid, json_flag
from diag.cli.output import stdout_options, write_stdout
from diag.errors import ExitStatus

if TYPE_CHECKING:
    from diag.collect.checks import Check
    from diag.model.limits import Limits

_STYLES = {"ok": "green", "limited": "yellow", "missing": "bold red"}


@click.command(short_help="Check permissions and limits here, with remedies.")
@click.argument("pid", required=False, callback=check_pid, metavar="[PID]")
@json_flag
def doctor(*, pid: int | None, as_json: bool) -> int:
    """Check what diag can see on this machine, and of the process PID if given.

    The exit status is 3 if nothing could be observed.
    """
    from diag.collect.limits import read_limits
    from diag.collect.permissions import check_host
    from diag.collect.reach import check_process

    of_process = list(check_process(pid)) if pid is not None else []
    checks = [*check_host(), *of_process]
    limits = read_limits(pid if pid is not None and len(of_process) > 1 else os.getpid())
    write_stdout(_json(checks, limits) if as_json else _text(checks, limits))
    return ExitStatus.OK if _works(checks, pid) else ExitStatus.UNOBSERVABLE


def _works(checks: list[Check], pid: int | None) -> bool:
    missing = {check.name for check in checks if check.state.value == "missing"}
    if "kernel" in missing or f"process {pid}" in missing:
        return False
    return not {"its waits", "its memory"} <= missing


def _text(checks: list[Check], limits: Limits) -> str:
    from diag.render.limits import limit_lines
    from diag.render.page import Page

    page = Page(stdout_options())
    name_width = max(len(check.name) for check in checks) + 2
    for check in checks:
        page.line(
            (check.state.value.ljust(9), _STYLES[check.state.value]),
            check.name.ljust(name_width),
            check.found,
            hang=9 + name_width,
        )
        if check.remedy is not None:
            page.line(("-> ", "bold"), check.remedy, indent=9 + name_width, hang=3)
    page.heading("Limits")
    for line in [*limit_lines(limits), *_workers(limits)]:
        page.line(line, indent=2)
    return page.finish()


def _workers(limits: Limits) -> list[str]:
    cpus, workers = limits.effective_cpus, limits.worker_count
    if cpus is None:
        return []
    return [f"effective CPUs: {cpus:.3g}; workers for a CPU-bound pool: {workers}"]


def _json(checks: list[Check], limits: Limits) -> str:
    import msgspec

    body = {"checks": checks, "limits": limits, "effective_cpus": limits.effective_cpus}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"
