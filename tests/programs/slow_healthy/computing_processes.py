"""As many worker processes that compute as there are CPUs."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["gil-bound", "over-provisioned-pool", "nested-parallelism"]
# ///

import multiprocessing
import os


def compute(_n):
    while True:
        sum(range(10_000))


def main():
    workers = len(os.sched_getaffinity(0))
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        result = pool.map_async(compute, range(workers), chunksize=1)
        os.write(1, b"READY %d\n" % os.getpid())
        result.get()


main()
