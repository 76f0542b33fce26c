"""A code analyser with one worker per CPU, in a container that may use one CPU's time.

`--size-by visible` sizes the pool as `os.cpu_count()` does. No big node is needed to
show it: `--visible-cpus 24` stands in for the number that os.cpu_count() returns there.
`--size-by capped` takes twice that, but no more than 8, as the article did.
`--size-by quota` asks how much CPU time the container may use.

Every task needs the same CPU time, and gives up at the same soft time-out.
"""

import argparse
import ctypes
import json
import os
import signal
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from cpu_quota import usable_cpus

LIFE_S = 120
TASK_CPU_S = 0.06
SOFT_TIMEOUT_S = 1.1  # 18 times what a task needs
TABLES_MB = 4  # what each worker loads before it can work
PR_SET_PDEATHSIG = 1

SIZES = {
    "visible": lambda visible: visible,
    "capped": lambda visible: min(2 * visible, 8),
    "quota": lambda _: usable_cpus(),
}

tables = bytearray()


def start_worker():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    tables.extend(b"t" * (TABLES_MB * 1024 * 1024))


def analyse_file(cpu_s):
    """Return (seconds it took, whether it was done in time)."""
    started, cpu_before = time.monotonic(), time.thread_time()
    while time.thread_time() - cpu_before < cpu_s:
        if time.monotonic() - started > SOFT_TIMEOUT_S:
            return time.monotonic() - started, False
        sum(value * value for value in range(500))
    return time.monotonic() - started, True


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size-by", choices=SIZES, default="visible")
    options.add_argument("--visible-cpus", type=int, default=os.cpu_count())
    options.add_argument("--files", type=int, default=96)
    chosen = options.parse_args()
    signal.alarm(LIFE_S)

    workers = SIZES[chosen.size_by](chosen.visible_cpus)
    print("analysing in parallel mode, worker count:", workers, flush=True)
    started = time.monotonic()
    with ProcessPoolExecutor(workers, initializer=start_worker) as executor:
        results = executor.map(analyse_file, [TASK_CPU_S] * chosen.files)
        times = [next(results)]
        print("READY", os.getpid(), flush=True)
        times += results
    elapsed_s = time.monotonic() - started

    done = sum(in_time for _, in_time in times)
    latencies_ms = sorted(1000 * seconds for seconds, _ in times)
    result = {
        "job": "passed" if done == len(times) else "failed",
        "workers": workers,
        "files_done": done,
        "timed_out": len(times) - done,
        "done_per_s": round(done / elapsed_s, 1),
        "latency_p50_ms": round(statistics.median(latencies_ms)),
        "latency_p95_ms": round(latencies_ms[int(0.95 * (len(latencies_ms) - 1))]),
    }
    print("RESULT", json.dumps(result), flush=True)
    sys.exit(0 if done == len(times) else 1)


if __name__ == "__main__":
    main()
