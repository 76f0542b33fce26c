"""Six workers compute under a quota of one CPU."""

# /// diag
# verdict = "degraded"
# alone = true
# limits = {cpu = 1.0}
# [[finding]]
# rule = "over-provisioned-pool"
# confidence = "proven"
# functions = ["main"]
# ///

import concurrent.futures
import multiprocessing
import os


def compute(_n):
    while True:
        sum(range(10_000))


def main():
    workers = 6
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=context) as pool:
        futures = [pool.submit(compute, n) for n in range(workers)]
        os.write(1, b"READY %d\n" % os.getpid())
        for future in futures:
            future.result()


main()
