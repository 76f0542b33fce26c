"""What watching costs: CPU time of `diag watch` against wall time, for trees of three sizes."""

import time

from benchmarks.common import cpu_s, machine, show, tree, watching

SIZES = (1, 10, 100)
SETTLE_S = 6.0  # the first look, and with it the loading of modules, is not what lasts
MEASURE_S = 20.0
TARGET = 0.01


def share(processes: int, pause_s: float, *options: str) -> float:
    """Return the share of one CPU that watching a tree takes."""
    with tree(processes, 4, pause_s) as pid, watching(pid, *options) as watch:
        time.sleep(SETTLE_S)
        before_cpu_s, before_s = cpu_s(watch.pid), time.monotonic()
        time.sleep(MEASURE_S)
        return (cpu_s(watch.pid) - before_cpu_s) / (time.monotonic() - before_s)


def main() -> None:
    """Measure and print."""
    rows = []
    for processes in SIZES:
        idle = share(processes, 600.0, "--interval", "1")
        moving = share(processes, 0.05, "--interval", "1")
        usual = share(processes, 0.05)
        rows.append(
            (processes, f"{idle:.2%}", f"{moving:.2%}", f"{usual:.2%}", f"{moving / TARGET:.2f}")
        )
    columns = ("processes of 4 threads", "1 Hz, idle", "1 Hz, moving", "default", "of target (1 %)")
    show(f"CPU time of diag watch, of one CPU ({machine()})", columns, rows)


if __name__ == "__main__":
    main()
