"""Sixteen workers that wait for work most of the time."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["over-provisioned-pool"]
# ///

import concurrent.futures
import multiprocessing
import os
import time


def work(_n):
    sum(range(20_000))
    time.sleep(0.1)


def main():
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(16, mp_context=context) as pool:
        list(pool.map(work, range(16)))
        os.write(1, b"READY %d\n" % os.getpid())
        while True:
            list(pool.map(work, range(16)))


main()
