"""Each number is a task of its own, in a multiprocessing.Pool."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "tiny-tasks"
# confidence = "likely"
# functions = []
# ///

import multiprocessing
import os


def square(n):
    return n * n


def main():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(square, range(100))
        os.write(1, b"READY %d\n" % os.getpid())
        while True:
            for _ in pool.imap_unordered(square, range(5000)):
                pass


main()
