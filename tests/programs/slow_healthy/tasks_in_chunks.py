"""Numbers are sent in chunks that take a while."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["tiny-tasks"]
# ///

import concurrent.futures
import multiprocessing
import os


def square(n):
    return sum(i * i for i in range(n))


def main():
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(square, range(100)))
        os.write(1, b"READY %d\n" % os.getpid())
        while True:
            for _ in pool.map(square, range(5000), chunksize=250):
                pass


main()
