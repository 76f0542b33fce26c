"""Pools on a terminal page."""

import msgspec

from diag.model.report import PoolView
from diag.render.options import Options
from diag.render.page import Page
from diag.render.pools import draw_pools
from tests.unit.render import examples


def drawn(*pools: PoolView) -> str:
    page = Page(Options())
    draw_pools(page, msgspec.structs.replace(examples.healthy(), pools=pools))
    return page.finish()


def test_the_stuck_come_first_and_the_outlier_is_told() -> None:
    pool = PoolView(
        kind="ProcessPoolExecutor",
        pid=10,
        of_threads=False,
        idle=(21, 22, 23, 24, 25),
        working=(),
        stuck=(26,),
        queued=3,
        outliers=("worker 26 is stuck in handle (shop.py:3)",),
    )
    text = drawn(pool)
    assert "6 workers: 1 stuck (26), 5 idle (21, 22, 23, 24" in text
    assert "3 tasks queued" in " ".join(text.split())
    assert "worker 26 is stuck in handle (shop.py:3)" in text


def test_nothing_is_drawn_without_pools() -> None:
    assert drawn() == Page(Options()).finish()
