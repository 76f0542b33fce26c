"""How the cost of a routine pass and of a sweep grows with processes and with threads."""

import statistics
import sys
import time
from contextlib import closing

from benchmarks.common import machine, show, tree
from diag.collect.routine import Routine
from diag.collect.sweep import sweep

SHAPES = ((1, 1), (10, 1), (100, 1), (1000, 1), (1, 10), (1, 100), (1, 1000))
PASSES = 9


def cost(processes: int, threads: int) -> tuple[float, float]:
    """Return the CPU seconds of one routine pass and of one sweep."""
    with tree(processes, threads, 0.5) as pid, closing(Routine(pid)) as routine:
        routine.take()
        time.sleep(0.6)
        passes = []
        for _ in range(PASSES):
            passes.append(routine.take().cost_s)
            time.sleep(0.2)
        before_s = time.process_time()
        sweep(pid)
        return statistics.median(passes), time.process_time() - before_s


def main() -> None:
    """Measure and print; the largest shapes only when asked with --all."""
    shapes = SHAPES if "--all" in sys.argv else [s for s in SHAPES if max(s) < 1000]
    rows = []
    for processes, threads in shapes:
        pass_s, sweep_s = cost(processes, threads)
        count = processes * threads
        rows.append(
            (
                f"{processes} x {threads}",
                f"{pass_s * 1e3:.2f} ms",
                f"{pass_s / count * 1e6:.1f} us",
                f"{sweep_s * 1e3:.1f} ms",
                f"{sweep_s / count * 1e6:.0f} us",
            )
        )
    columns = ("processes x threads", "routine pass", "per thread", "sweep", "per thread")
    show(f"Cost of looking, CPU time ({machine()})", columns, rows)


if __name__ == "__main__":
    main()
