"""From the moment a program hangs to the finding, with default settings and no time-out."""

import random
import statistics
import subprocess
import sys
import time

from benchmarks.common import environment, machine, show

RUNS = 12
TARGET_S = 2.0
KINDS = {
    "a lock taken twice": "l = threading.Lock(); l.acquire(); now(); l.acquire()",
    "two threads, two locks": """
a, b = threading.RLock(), threading.RLock()
def take(x, y):
    with x:
        time.sleep(0.1); now()
        with y: pass
for pair in ((a, b), (b, a)): threading.Thread(target=take, args=pair).start()
""",
    "a pool forked with a lock held": """
import multiprocessing
lock = threading.Lock()
def work(_): now(); lock.acquire()
lock.acquire()
with multiprocessing.get_context("fork").Pool(3) as pool: pool.map(work, range(3))
""",
}
PROLOGUE = """
import os, sys, threading, time
def now(): os.write(1, b"%.6f\\n" % time.monotonic())
time.sleep(float(sys.argv[1]))
"""


def onset_to_finding_s(code: str, delay_s: float) -> float:
    """Return the seconds from the last sign of life to the first line of the report."""
    command = [sys.executable, "-m", "diag", "run", "--on-hang", "kill", "--"]
    command += [sys.executable, "-u", "-c", PROLOGUE + code, str(delay_s)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        first = process.stderr.readline()
        found_s = time.monotonic()
        assert b"HUNG" in first, first
        process.stderr.read()
        return found_s - max(map(float, process.stdout.read().split()))


def main() -> None:
    """Measure and print."""
    chance = random.Random(1)
    rows = []
    for name, code in KINDS.items():
        times = [onset_to_finding_s(code, chance.uniform(1.5, 3.0)) for _ in range(RUNS)]
        median_s = statistics.median(times)
        rows.append(
            (name, f"{median_s:.2f} s", f"{max(times):.2f} s", f"{median_s / TARGET_S:.2f}")
        )
    columns = ("hang", "median", "longest", "of target (2 s)")
    show(f"Onset of a hang to the finding ({machine()}), {RUNS} runs each", columns, rows)


if __name__ == "__main__":
    main()
