"""`diag cpus`: how many workers a CPU-bound pool should have here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diag.cli.options import check_pid, json_flag
from diag.cli.output import write_stdout
from diag.errors import TargetGoneError

if TYPE_CHECKING:
    from diag.model.limits import Limits


@click.command(short_help="Print how many workers a CPU-bound pool should have.")
@click.option("--explain", is_flag=True, help="Say where the number comes from.")
@click.option(
    "--pid", callback=check_pid, help="For the limits of this process, not of diag itself."
)
@json_flag
def cpus(*, explain: bool, pid: int | None, as_json: bool) -> None:
    """Print the number of workers that the CPUs allowed and the CPU quota can feed.

    Python's own counts (os.cpu_count, os.process_cpu_count) know nothing of quotas.
    """
    from diag.collect.limits import read_limits

    limits = read_limits(pid or os.getpid())
    workers = limits.worker_count
    if pid is not None and not Path(f"/proc/{pid}").exists():
        raise TargetGoneError(f"no such process: {pid}")
    if workers is None:
        reasons = "; ".join(dict.fromkeys(gap.because for gap in limits.gaps))
        raise TargetGoneError(f"the limits of {pid or 'this process'} cannot be read: {reasons}")
    if as_json:
        write_stdout(_json(workers, limits))
    else:
        write_stdout(f"{workers}\n" + (_explanation(limits) if explain else ""))
        for gap in limits.gaps:
            if gap.what in ("affinity", "cpu quota"):
                click.echo(f"diag: at most that: {gap.what} not known: {gap.because}", err=True)


def _explanation(limits: Limits) -> str:
    from diag.render.escape import visible
    from diag.render.limits import limit_lines

    lines = [f"os.cpu_count() says {os.cpu_count()}", *limit_lines(limits)]
    if limits.cpu_quota_cpus is not None:
        lines.append("a quota is rounded up: the last worker uses the fraction that is left over")
    return "".join(f"  {visible(line)}\n" for line in lines)


def _json(workers: int, limits: Limits) -> str:
    import msgspec

    body = {"workers": workers, "effective_cpus": limits.effective_cpus, "limits": limits}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"
