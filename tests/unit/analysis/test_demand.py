"""Who wants CPU time: not whoever is merely seen at the GIL."""

from diag.analysis.demand import Demand, demands
from tests.unit.samples import activity, thread


def only(*threads: object) -> Demand:
    (found,) = demands(activity(threads), ticks_per_s=100).values()  # type: ignore[arg-type]
    return found


def test_threads_that_compute_share_one_gil() -> None:
    found = only(
        thread(10, 10),
        *(thread(10, tid, run=0.35, gil=0.65, ticks=33) for tid in (11, 12, 13)),
    )
    assert [each.tid for each in found.computing] == [11, 12, 13]
    assert 2.8 < found.wanted_cpus <= 3.0
    assert 0.6 < found.gil_share < 0.7
    assert found.used_cpus == 0.99


def test_tickers_beside_one_that_computes_do_not_want_cpu_time() -> None:
    tickers = [thread(10, tid, gil=0.5, ticks=1) for tid in (12, 13, 14)]
    found = only(thread(10, 11, run=0.9, gil=0.1, ticks=95), *tickers)
    assert [each.tid for each in found.computing] == [11]
    assert found.wanted_cpus <= 1.0


def test_an_idle_process_wants_nothing() -> None:
    found = only(thread(10, 10), thread(10, 11))
    assert (found.computing, found.wanted_cpus, found.gil_share) == ((), 0.0, 0.0)


def test_too_few_looks_tell_nothing() -> None:
    few = thread(10, 10, run=1.0, ticks=9)
    assert (
        demands(
            activity(
                [type(few)(pid=10, tid=10, looks=3, running=3, waiting_for_gil=0, cpu_ticks=3)]
            ),
            ticks_per_s=100,
        )
        == {}
    )
