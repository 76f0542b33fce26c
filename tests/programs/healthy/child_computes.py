"""The parent waits for a child that computes."""

# /// diag
# verdict = "healthy"
# ///

import multiprocessing
import os


def compute():
    while True:
        sum(range(10_000))


def main():
    worker = multiprocessing.get_context("fork").Process(target=compute)
    worker.start()
    os.write(1, b"READY %d\n" % os.getpid())
    worker.join()


main()
