"""Runs the same tasks one after the other and then in a pool, and compares."""

import json
import os
import sys
import time

WORKERS = 4
SERIAL_SHARE = 0.25  # of the tasks: enough to know how long all would take


def timed(task, item):
    """Run one task; return the seconds it took and those its thread was on a CPU."""
    started, on_cpu = time.perf_counter(), time.thread_time()
    task(item)
    return time.perf_counter() - started, time.thread_time() - on_cpu


def compare(task, items, pool_class):
    """Print READY, then the RESULT line: a serial run against a run in the pool."""
    sample = items[: max(1, int(len(items) * SERIAL_SHARE))]
    started = time.perf_counter()
    for item in sample:
        task(item)
    serial_s = (time.perf_counter() - started) * len(items) / len(sample)

    started = time.perf_counter()
    with pool_class(WORKERS) as pool:
        results = pool.map(timed, [task] * len(items), items)
        print("READY", os.getpid(), flush=True)
        times = list(results)
    parallel_s = time.perf_counter() - started

    task_s = sum(wall for wall, _ in times)
    on_cpu_s = sum(on_cpu for _, on_cpu in times)
    result = {
        "serial_s": round(serial_s, 3),
        "parallel_s": round(parallel_s, 3),
        "speedup": round(serial_s / parallel_s, 2),
        "cores_used": round(on_cpu_s / parallel_s, 2),
        "off_cpu_share": round(1 - on_cpu_s / task_s, 2),
        "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
    }
    print("RESULT", json.dumps(result), flush=True)
