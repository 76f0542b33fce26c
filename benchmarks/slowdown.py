"""How much a busy program is slowed down by being watched: with and without, in turn."""

import statistics
import time

from benchmarks.common import machine, show, started, watching

ROUNDS = 8
SLICE_S = 3.0
BUSY = """
import mmap, sys, time
counter = mmap.mmap(-1, 16)
print("READY", flush=True)
work = 0
while True:
    for _ in range(20000):
        work += 1
    now, cpu = time.monotonic(), time.process_time()
    with open(sys.argv[1], "w") as file:
        file.write(f"{work} {cpu}")
"""


def rate(file: str) -> tuple[float, float]:
    """Return the work per wall second and per CPU second, over one slice."""
    before, before_s = read(file), time.monotonic()
    time.sleep(SLICE_S)
    after, after_s = read(file), time.monotonic()
    done = after[0] - before[0]
    return done / (after_s - before_s), done / (after[1] - before[1])


def read(file: str) -> tuple[float, float]:
    """Return the work done so far, and the CPU time used for it."""
    while True:
        with open(file) as text:  # noqa: PTH123
            words = text.read().split()
        if len(words) == 2:
            return float(words[0]), float(words[1])


def main() -> None:
    """Measure and print."""
    import tempfile

    alone: list[tuple[float, float]] = []
    watched: list[tuple[float, float]] = []
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file, started(BUSY, file.name) as busy:
        time.sleep(1.0)
        for _ in range(ROUNDS):
            alone.append(rate(file.name))
            with watching(busy.pid, "--interval", "1"):
                time.sleep(2.0)  # diag starts
                watched.append(rate(file.name))
    rows = []
    for number, name in enumerate(("per second", "per CPU second")):
        ratios = [a[number] / w[number] for a, w in zip(alone, watched, strict=True)]
        spread = statistics.median(abs(r - statistics.median(ratios)) for r in ratios)
        rows.append((name, f"{statistics.median(ratios) - 1:+.2%}", f"{spread:.2%}"))
    columns = ("work done", "slow-down (median)", "spread")
    show(f"A busy program watched at 1 Hz ({machine()}), {ROUNDS} rounds", columns, rows)


if __name__ == "__main__":
    main()
