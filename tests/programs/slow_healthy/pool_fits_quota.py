"""A pool of one worker under a quota of one CPU."""

# /// diag
# verdict = "healthy"
# alone = true
# limits = {cpu = 1.0}
# twin_of = ["throttled", "over-provisioned-pool"]
# ///

import multiprocessing
import os


def compute(_n):
    while True:
        sum(range(10_000))


def main():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        result = pool.map_async(compute, [1])
        os.write(1, b"READY %d\n" % os.getpid())
        result.get()


main()
