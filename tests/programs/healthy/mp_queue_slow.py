"""A slow producer and waiting consumers on a multiprocessing.Queue."""

# /// diag
# verdict = "healthy"
# ///

import multiprocessing
import os
import time


def consume(jobs):
    while jobs.get() is not None:
        pass


def main():
    context = multiprocessing.get_context("fork")
    jobs = context.Queue()
    for _ in range(3):
        context.Process(target=consume, args=(jobs,), daemon=True).start()
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        jobs.put(1)
        time.sleep(1.5)


main()
