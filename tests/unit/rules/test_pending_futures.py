"""What a pool has piled up is said with its number, its limit and the moment; little is not."""

import msgspec
import pytest

from diag.analysis.case import Case
from diag.model.finding import Confidence
from diag.model.pool import Backlog, Kept, Pool, PoolKind
from diag.model.process import Process
from tests.unit import world
from tests.unit.rules.test_slowness import MIB, SLEEPER, findings, only, over_time, seen


def piled(
    tasks: int, held_mib: int, *, workers: int = 2, kept: Kept | None = None, resident: int = 500
) -> Process:
    backlog = Backlog(tasks=tasks, sampled=8, held_bytes=held_mib * MIB)
    pool = Pool(
        kind=PoolKind.PROCESSES, address=1, max_workers=workers, waiting=tasks, backlog=backlog
    )
    return msgspec.structs.replace(
        SLEEPER,
        pools=(pool,),
        kept=(kept,) if kept is not None else (),
        rss_bytes=resident * MIB,
    )


def case(process: Process, *, step_mib: int = 0) -> Case:
    values = [500 * MIB + number * step_mib * MIB for number in range(10)]
    return seen(process, samples=over_time("rss_bytes", values))


def test_a_backlog_is_told_with_number_and_limit() -> None:
    found = only(case(piled(300, 200)))
    assert (found.rule, found.confidence) == ("pending-futures", Confidence.LIKELY)
    assert "300 tasks wait for 2 workers" in found.title
    assert "201 MiB of the 1024 MiB of the machine (20%)" in found.title
    assert "by a sample of 8" in found.evidence[0].text
    assert "buffersize=4" in found.advice


def test_who_grows_by_its_backlog_is_told_once_with_the_moment() -> None:
    found = only(case(piled(300, 200), step_mib=20))
    assert found.rule == "pending-futures"
    assert "grows by 20 MiB a second: all used up in about" in found.title


def test_futures_themselves_count_if_there_are_very_many() -> None:
    assert "176 MiB" in only(case(piled(90_000, 4))).title
    assert findings(case(piled(20_000, 4))) == []


def test_results_that_are_kept_count_while_the_pool_works() -> None:
    kept = Kept(
        futures=400, name="rows", tid=10, function="load", done=200, sampled=8, held_bytes=90 * MIB
    )
    found = only(case(piled(20, 1, kept=kept)))
    assert "91.8 MiB" in found.title
    assert "`rows` of load has 400 futures" in found.evidence[1].text
    assert found.primary.function == "load"
    assert findings(case(piled(0, 0, kept=kept))) == []


@pytest.mark.parametrize(
    "process",
    [
        piled(16, 200),  # eight each
        piled(300, 10),
        piled(300, 200, workers=64),
        piled(300, 200, resident=10),  # the sample must have misled
        world.process(10, world.thread(10, world.SLEEPING)),
    ],
    ids=["a window", "small", "many workers", "not resident", "no pool"],
)
def test_a_healthy_amount_is_left_alone(process: Process) -> None:
    assert findings(case(process)) == []
