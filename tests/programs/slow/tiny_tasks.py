"""Each number is a task of its own."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "tiny-tasks"
# confidence = "likely"
# functions = ["main"]
# ///

import concurrent.futures
import multiprocessing
import os


def square(n):
    return n * n


def main():
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(square, range(100)))
        os.write(1, b"READY %d\n" % os.getpid())
        while True:
            for _ in pool.map(square, range(5000), chunksize=1):
                pass


main()
