"""The pools of workers of a tree on a terminal page."""

from diag.model.report import PoolView, Report
from diag.render.page import Page
from diag.render.units import capped, plural

MOST_POOLS = 10
MOST_IDS = 4


def draw_pools(page: Page, report: Report) -> None:
    """Draw each pool in a line, and beneath it what sets a worker apart."""
    if not report.pools:
        return
    page.heading("Pools")
    for pool in report.pools[:MOST_POOLS]:
        _draw_pool(page, pool)
    if len(report.pools) > MOST_POOLS:
        more = plural(len(report.pools) - MOST_POOLS, "more pool")
        page.line((f"and {more} (all of them with --json)", "dim"))


def _draw_pool(page: Page, pool: PoolView) -> None:
    count = len(pool.idle) + len(pool.working) + len(pool.stuck) + pool.starting
    what = plural(count, "thread" if pool.of_threads else "worker")
    parts = [
        f"{len(ids)} {state}{_ids(ids)}"
        for state, ids in (("stuck", pool.stuck), ("working", pool.working), ("idle", pool.idle))
        if ids
    ]
    if pool.starting:
        parts.append(f"{pool.starting} starting")
    if pool.queued:
        parts.append(f"{plural(pool.queued, 'task')} queued")
    told = f": {', '.join(parts)}" if parts else ""
    page.line((pool.kind, "bold"), f" of {pool.pid}, {what}{told}", indent=2, hang=4)
    for line in pool.outliers:
        page.line((line, "red" if pool.stuck else ""), indent=4)


def _ids(ids: tuple[int, ...]) -> str:
    return f" ({capped([str(number) for number in ids], MOST_IDS)})"
