"""A callback of a Future calls sys.exit(), which ends the thread that manages the executor."""

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
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor


def square(number):
    return number * number


def check(future):
    if future.result() > 0:
        sys.exit("too large")


def main():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        pool.submit(square, 1).add_done_callback(check)
        time.sleep(0.5)
        result = pool.submit(square, 2)
        threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
        result.result()


main()
