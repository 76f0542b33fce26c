"""A task in a forked pool submits to the inherited copy of that pool.

submit() starts the workers while it holds the pool's lock: each inherits it locked.
"""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["load_page"]
# ///

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor

pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))


def load_image():
    return b""


def load_page():
    return pool.submit(load_image).result()


def main():
    page = pool.submit(load_page)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    print(page.result())


main()
