"""A worker keeps something of each task."""

# /// diag
# verdict = "degraded"
# look_s = 5.0
# limits = {memory_mib = 500}
# [[finding]]
# rule = "memory-growth"
# confidence = "likely"
# functions = ["work"]
# ///

import concurrent.futures
import multiprocessing
import os
import time

CACHE = []


def work(n):
    CACHE.append(b"x" * 1_000_000)
    time.sleep(0.08)
    return n


def main():
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        pool.submit(work, 0).result()
        os.write(1, b"READY %d\n" % os.getpid())
        while True:
            pool.submit(work, 1).result()


main()
