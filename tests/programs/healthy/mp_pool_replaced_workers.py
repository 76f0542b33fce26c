"""Workers of a pool end after each task and are replaced: no task is lost."""

# /// diag
# verdict = "healthy"
# twin_of = ["lost-task"]
# ///

import multiprocessing
import os
import threading
import time


def parse(page):
    time.sleep(1.5 if page else 0)
    return page


def main():
    with multiprocessing.get_context("fork").Pool(3, maxtasksperchild=1) as pool:
        pool.apply(parse, (0,))
        threading.Timer(1.0, os.write, (1, b"READY %d\n" % os.getpid())).start()
        print(pool.map(parse, range(1, 40), chunksize=1))


main()
