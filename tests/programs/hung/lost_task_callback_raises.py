"""A callback raises in the thread that takes the results of a pool: no later result ever comes."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lost-task"
# confidence = ["likely", "proven"]
# functions = ["main"]
# ///

import multiprocessing
import os
import threading
import time


def square(number):
    return number * number


def store(_result):
    raise OSError("disk full")


def main():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.apply_async(square, (1,), callback=store)
        time.sleep(0.3)
        result = pool.apply_async(square, (2,))
        threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
        print(result.get())


main()
