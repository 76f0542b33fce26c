"""A child stays, with a pool that has nothing to do, until a signal ends it; its parent joins it."""

# /// diag
# verdict = "healthy"
# still = true
# ///

import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor


def serve():
    pool = ThreadPoolExecutor(2)
    list(pool.map(str, range(4)))
    threading.Event().wait()


def main():
    child = multiprocessing.get_context("fork").Process(target=serve)
    child.start()
    threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
    child.join()


main()
