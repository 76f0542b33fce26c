"""A fork copies a lock of the program's own while a thread holds it; the parent has released it since."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "likely"
# functions = ["count"]
# ///

import multiprocessing
import os
import threading
import time

totals = threading.Lock()


def hold():
    with totals:
        time.sleep(0.5)


def count(number):
    with totals:
        return number


def main():
    threading.Thread(target=hold).start()
    time.sleep(0.1)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        threading.Timer(1.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
        pool.map(count, range(8))


main()
