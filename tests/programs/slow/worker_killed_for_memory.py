"""The kernel kills worker after worker for want of memory, and the pool is made anew."""

# /// diag
# verdict = "degraded"
# look_s = 3.0
# limits = {memory_mib = 60}
# [[finding]]
# rule = "worker-died"
# confidence = ["likely", "proven"]
# functions = []
# ///

import concurrent.futures
import multiprocessing
import os
import time


def work(size):
    rows = []
    for _ in range(size):
        rows.append(b"x" * 1_000_000)
        time.sleep(0.004)


def main():
    os.write(1, b"READY %d\n" % os.getpid())
    context = multiprocessing.get_context("fork")
    while True:
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
            try:
                pool.submit(work, 200).result()
            except concurrent.futures.process.BrokenProcessPool:
                continue


main()
