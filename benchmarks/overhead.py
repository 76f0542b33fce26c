"""What watching costs: CPU time of `diag watch` against wall time, for trees of three sizes.

CPU time does not depend on what else runs, so all are watched at the same time.
"""

import time
from contextlib import ExitStack

from benchmarks.common import cpu_s, machine, show, tree, watching

SIZES = (1, 10, 100)
# Threads that rest for so long, and options: what is measured of each size.
CASES = {
    "1 Hz, idle": (600.0, ("--interval", "1")),
    "1 Hz, moving": (0.05, ("--interval", "1")),
    "default, moving": (0.05, ()),
}
SETTLE_S = 65.0  # modules are loaded, and the first minute is looked at more closely
MEASURE_S = 240.0  # regular looks are minutes apart
TARGET = 0.01


def shares() -> dict[tuple[int, str], float]:
    """Return the share of one CPU that watching each tree takes; all are watched at once."""
    with ExitStack() as stack:
        watches = {}
        for size in SIZES:
            for name, (pause_s, options) in CASES.items():
                pid = stack.enter_context(tree(size, 4, pause_s))
                watches[size, name] = stack.enter_context(watching(pid, *options)).pid
        time.sleep(SETTLE_S)
        before, before_s = {key: cpu_s(pid) for key, pid in watches.items()}, time.monotonic()
        time.sleep(MEASURE_S)
        apart_s = time.monotonic() - before_s
        return {key: (cpu_s(pid) - before[key]) / apart_s for key, pid in watches.items()}


def main() -> None:
    """Measure and print."""
    measured = shares()
    rows = [
        (
            size,
            *(f"{measured[size, name]:.2%}" for name in CASES),
            f"{measured[size, '1 Hz, moving'] / TARGET:.2f}",
        )
        for size in SIZES
    ]
    columns = ("processes of 4 threads", *CASES, "of target (1 %)")
    show(f"CPU time of diag watch, of one CPU ({machine()})", columns, rows)


if __name__ == "__main__":
    main()
